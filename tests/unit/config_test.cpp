// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <crosspike/core/config.hpp>
#include <crosspike/core/error.hpp>
#include <fstream>
#include <functional>
#include <random>

namespace crosspike {
namespace {

std::string refusal(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::input);
    return error.what();
  }
  return "accepted";
}

const Value& at(const Value& root, std::initializer_list<std::string_view> path) {
  const Value* value = &root;
  for (const std::string_view key : path) {
    value = value->as<Table>() != nullptr ? value->as<Table>()->find(key)
                                          : &value->as<Array>()->at(static_cast<std::size_t>(key[0] - '0'));
    if (value == nullptr) throw std::out_of_range(std::string(key));
  }
  return *value;
}

std::string nested_lists(int levels) {
  const auto n = static_cast<std::size_t>(levels);
  return "a = " + std::string(n, '[') + std::string(n, ']');
}

std::string dotted_key(int segments) {
  std::string key = "a";
  for (int i = 1; i < segments; ++i) key += ".a";
  return key;
}

// Syntax

TEST(Config, KeepsTypesAndTheOrderOfAppearance) {
  const Value root = parse_config(
      "z = true\na = -3\nm = 2.0\n[t.u]\ns = \"x\"\nl = [1, 'y', {k = 1}]\n[t]\nlast.x = 1\n[b]\n", "a.toml");
  Table inner;
  inner.set("k", Value(1));
  Table u;
  u.set("s", Value("x"));
  u.set("l", Value(Array{Value(1), Value("y"), Value(inner)}));
  Table last;
  last.set("x", Value(1));
  Table t;
  t.set("u", Value(u));
  t.set("last", Value(last));
  Table expected;
  expected.set("z", Value(true));
  expected.set("a", Value(-3));
  expected.set("m", Value(2.0));
  expected.set("t", Value(t));
  expected.set("b", Value(Table()));
  EXPECT_EQ(root, Value(expected));
}

TEST(Config, RemembersLineAndColumnOfValuesAndKeys) {
  const Value root = parse_config(
      "format = 1\n"                                         // 1
      "run = { dt = \"0.1 ms\", time = \"1 s\" }\n"          // 2
      "\n"                                                   // 3
      "[populations.exc]   # comment\n"                      // 4
      "  size = 800\n"                                       // 5
      "init.membrane = { normal = [\"-58 mV\", 5.0] }\n"     // 6
      "shape = [\n  2,\n  34, [true]\n]\n"                   // 7 to 10
      "\"quoted key\" = '''\nthree\nlines'''\n"              // 11 to 13
      "[[stage]]\n\"\u00b5\" = { \"\u00b5\u00b5\" = 7 }\n",  // 14, 15
      "a.toml");
  const struct {
    std::initializer_list<std::string_view> path;
    std::string_view value, key;
  } cases[] = {
      {{"format"}, "a.toml:1:10", "a.toml:1:1"},
      {{"run"}, "a.toml:2:7", "a.toml:2:1"},
      {{"run", "dt"}, "a.toml:2:14", "a.toml:2:9"},
      {{"run", "time"}, "a.toml:2:31", "a.toml:2:24"},
      {{"populations"}, "a.toml:4:1", "a.toml:4:2"},
      {{"populations", "exc"}, "a.toml:4:1", "a.toml:4:14"},
      {{"populations", "exc", "size"}, "a.toml:5:10", "a.toml:5:3"},
      {{"populations", "exc", "init"}, "a.toml:6:1", "a.toml:6:1"},
      {{"populations", "exc", "init", "membrane"}, "a.toml:6:17", "a.toml:6:6"},
      {{"populations", "exc", "init", "membrane", "normal"}, "a.toml:6:28", "a.toml:6:19"},
      {{"populations", "exc", "init", "membrane", "normal", "0"}, "a.toml:6:29", "a.toml:6:29"},
      {{"populations", "exc", "init", "membrane", "normal", "1"}, "a.toml:6:39", "a.toml:6:39"},
      {{"populations", "exc", "shape", "0"}, "a.toml:8:3", "a.toml:8:3"},
      {{"populations", "exc", "shape", "1"}, "a.toml:9:3", "a.toml:9:3"},
      {{"populations", "exc", "shape", "2", "0"}, "a.toml:9:8", "a.toml:9:8"},
      {{"populations", "exc", "quoted key"}, "a.toml:11:16", "a.toml:11:1"},
      {{"stage", "0"}, "a.toml:14:1", "a.toml:14:1"},
      {{"stage", "0", "\u00b5", "\u00b5\u00b5"}, "a.toml:15:16", "a.toml:15:9"},
  };
  for (const auto& [path, value, key] : cases) {
    EXPECT_EQ(at(root, path).where().text(), value);
    EXPECT_EQ(at(root, path).key_where().text(), key);
  }
}

TEST(Config, SyntaxErrorsAreOneLineWithThePlaceAndHowToMend) {
  const struct {
    std::string text;
    std::string_view message;
  } cases[] = {
      {"a = 1\na = 2\n",
       "a.toml:2:1: cannot read this key-value pair: cannot redefine existing integer 'a'; a key is given once, remove "
       "one"},
      {"a = { b = 1, b = 2 }\n",
       "a.toml:1:14: cannot read this key-value pair: cannot redefine existing integer 'b'; a key is given once, "
       "remove "
       "one"},
      {"[a]\nx = 1\n[a]\n",
       "a.toml:3:1: cannot read this table header: cannot redefine existing table 'a'; a key is given once, remove "
       "one"},
      {"tau = 20 ms\n",
       "a.toml:1:10: cannot read this key-value pair: expected a comment or whitespace, saw 'm'; quantities are "
       "written "
       "in quotes: \"20 ms\""},
      {"run = { dt = 0.1 ms, x = 1 }\n",
       "a.toml:1:18: cannot read this inline table: expected comma or closing '}', saw 'm'; quantities are written in "
       "quotes: \"0.1 ms\""},
      {"x = [1.0, 3px]\n",
       "a.toml:1:12: cannot read this decimal integer: expected digit, saw 'p'; quantities are written in quotes: "
       "\"3px\""},
      {"weight = 5 \u00b5A\n",
       "a.toml:1:12: cannot read this key-value pair: expected a comment or whitespace, saw '\u00b5'; quantities are "
       "written in quotes: \"5 \u00b5A\""},
      {"kind = lif # leaky\n",
       "a.toml:1:8: cannot read this value: could not determine value type; text is written in quotes: \"lif\""},
      {"a = True\n", "a.toml:1:5: cannot read this boolean: expected 'true', saw 'T'; write: true"},
      {"a = off\n", "a.toml:1:5: cannot read this value: could not determine value type; write: false"},
      {"a = [1, 2\nb = 3\n", "a.toml:2:1: cannot read this array: expected comma or closing ']', saw 'b'"},
      {"a = \n", "a.toml:1:5: cannot read this key-value pair: expected value, saw '\\n'"},
      {"a = \"x\x01y\"\n",
       "a.toml:1:7: cannot read this string: unescaped control characters other than TAB (U+0009) are explicitly "
       "prohibited"},
      {"[!a]\n", "a.toml:1:2: cannot read this key: expected bare key starting character or string delimiter, saw '!'"},
      {"a = \xff\n", "a.toml:1:4: cannot read this file: Encountered invalid utf-8 sequence"},
      {"a = 99999999999999999999\n",
       "a.toml:1:25: cannot read this decimal integer: '99999999999999999999' is not representable in 64 bits"},
      {"x = 3\na = [1979-05-27]\n",
       "a.toml:2:6: dates and times have no meaning in a config; write text in quotes, times as \"20 ms\""},
      {nested_lists(65), "a.toml:1:69: tables and lists nest deeper than 64 levels; flatten them"},
      {nested_lists(100'000), "a.toml:1:133: tables and lists nest deeper than 64 levels; flatten them"},
      {dotted_key(65) + " = 1", "a.toml:1:133: tables and lists nest deeper than 64 levels; flatten them"},
      {"[" + dotted_key(100'000) + "]", "a.toml:1:257: tables and lists nest deeper than 64 levels; flatten them"},
      {"x = \"\"\"]]\n'''\"\"\"\n\u00b5" + std::string(200, '.'),
       "a.toml:3:130: tables and lists nest deeper than 64 levels; flatten them"},
  };
  for (const auto& [text, message] : cases) {
    EXPECT_EQ(refusal([&, &source = text] { parse_config(source, "a.toml"); }), message);
  }
}

TEST(Config, KeepsLettersAfterALineEndingBackslash) {
  const Value root = parse_config("a = \"\"\"\\\n  \u00b5A\"\"\"\n", "a.toml");
  EXPECT_EQ(*at(root, {"a"}).as<std::string>(), "\u00b5A");
}

TEST(Config, AcceptsTheDeepestNestingAllowed) {
  EXPECT_EQ(refusal([] { parse_config(nested_lists(64), "a.toml"); }), "accepted");
  EXPECT_EQ(refusal([] { parse_config(dotted_key(64) + " = 1.5", "a.toml"); }), "accepted");
}

TEST(Config, DoesNotTakeDotsAndBracketsInStringsAndCommentsForNesting) {
  const std::string many = std::string(300, '[') + std::string(300, '.');
  const std::string text =
      fmt::format("a = \"\\\"{0}\" # {0}\nb = '{0}\\'\nc = \"\"\"{0}\\\"\"\"\" \nd = '''{0}''''' # {0}\n", many);
  EXPECT_EQ(refusal([&] { parse_config(text, "a.toml"); }), "accepted");
}

TEST(Config, RefusesAMillionValuesAnd64MiB) {
  std::string list = "a = [";  // '=' and '[' count as one value each, so the fault is comma 999,999
  for (int i = 0; i < 1'000'000; ++i) list += "1,";
  EXPECT_EQ(refusal([&] { parse_config(list + "]", "a.toml"); }),
            "a.toml:1:2000003: more than 1000000 values; put large arrays in .npy, .csv or .h5 files and name them");
  EXPECT_EQ(refusal([] { parse_config(std::string(largest_config + 1, ' '), "a.toml"); }),
            "a.toml: is larger than 64 MiB; put large arrays in .npy, .csv or .h5 files and name them");
}

// Files

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() : folder_(std::filesystem::path(testing::TempDir()) / "crosspike_config_test") {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  ~ConfigFile() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::string folder() const { return folder_.string(); }

 private:
  std::filesystem::path folder_;
};

TEST_F(ConfigFile, IsReadWithItsNameInLocations) {
  const std::string path = write("lsm.toml", "format = 1\nseed = 7\n");
  EXPECT_EQ(at(load_config(path), {"seed"}).where().text(), path + ":2:8");
}

TEST_F(ConfigFile, NeedsFormatOne) {
  const std::string none = write("none.toml", "seed = 1\n");
  EXPECT_EQ(refusal([&] { load_config(none); }),
            none + ":1:1: the top-level key 'format' is missing; add the line: format = 1");
  const std::string newer = write("newer.toml", "seed = 1\nformat = 2\n");
  EXPECT_EQ(refusal([&] { load_config(newer); }),
            newer + ":2:10: format is 2, but this crosspike reads format 1; use a newer crosspike");
  const std::string text = write("text.toml", "format = \"1\"\n");
  EXPECT_EQ(refusal([&] { load_config(text); }),
            text + ":1:10: format is \"1\", but this crosspike reads format 1; write: format = 1");
}

TEST_F(ConfigFile, ThatIsMissingIsAnErrorThatNamesTheNearest) {
  write("cortex.toml", "format = 1\n");
  EXPECT_EQ(refusal([&] { load_config(folder() + "/cortx.toml"); }),
            fmt::format("{0}/cortx.toml: no such file; did you mean '{0}/cortex.toml'?", folder()));
  EXPECT_EQ(refusal([&] { load_config(folder() + "/x.h5"); }), folder() + "/x.h5: no such file; check the path");
  EXPECT_EQ(refusal([&] { load_config(folder() + "/no/x.toml"); }),
            fmt::format("{0}/no/x.toml: no such file; its folder '{0}/no' does not exist either", folder()));
  EXPECT_EQ(refusal([&] { load_config(folder()); }), folder() + ": is a folder; name a file, e.g. config.toml");
}

// Overrides

TEST(Override, ReplacesOrAddsTomlOrText) {
  const struct {
    std::string_view assignment, expected;
  } cases[] = {
      {"run.time=2 s", "seed = 1\n\n[run]\ndt = 0.1\ntime = \"2 s\"\n"},
      {"run.dt = 0.5", "seed = 1\n\n[run]\ndt = 0.5\n"},
      {"seed=18446744073709551615", "seed = \"18446744073709551615\"\n\n[run]\ndt = 0.1\n"},
      {"seed=[1, 2]", "seed = [1, 2]\n\n[run]\ndt = 0.1\n"},
      {"seed=", "seed = \"\"\n\n[run]\ndt = 0.1\n"},
      {"seed=\"5\"", "seed = \"5\"\n\n[run]\ndt = 0.1\n"},
      {"seed=a=b", "seed = \"a=b\"\n\n[run]\ndt = 0.1\n"},
      {"seed=1\nrun.dt = 3", "seed = \"1\\nrun.dt = 3\"\n\n[run]\ndt = 0.1\n"},
      {"placement.\"liquid.recurrent\"=cpu",
       "seed = 1\n\n[run]\ndt = 0.1\n\n[placement]\n\"liquid.recurrent\" = \"cpu\"\n"},
      {"placement.\"a=\\\"b\" = cpu", "seed = 1\n\n[run]\ndt = 0.1\n\n[placement]\n\"a=\\\"b\" = \"cpu\"\n"},
  };
  for (const auto& [assignment, expected] : cases) {
    Value root = parse_config("seed = 1\nrun = { dt = 0.1 }\n", "a.toml");
    apply_override(root, assignment);
    EXPECT_EQ(to_toml(root), expected);
  }
}

TEST(Override, IsTheLocationOfWhatItSets) {
  Value root = parse_config("seed = 1\n", "a.toml");
  apply_override(root, "run.init = { normal = [1, 2] }");
  for (const Value* value : {&at(root, {"run"}), &at(root, {"run", "init", "normal", "1"})}) {
    EXPECT_EQ(value->where().text(), "--set run.init");
    EXPECT_EQ(value->key_where().text(), "--set run.init");
  }
}

TEST(Override, RefusesWhatIsNoAssignment) {
  const std::string no_key =
      " is not a key; write names joined by dots, those with dots in quotes: placement.\"liquid.input\"=cpu";
  const std::pair<std::string, std::string> cases[] = {
      {"run.dt", "--set run.dt: has no '='; write KEY=VALUE, e.g. --set run.dt=\"0.1 ms\""},
      {"=3", "--set =3: the key is missing; write KEY=VALUE, e.g. --set run.dt=\"0.1 ms\""},
      {"# x=3", "--set # x:" + no_key},
      {"[a]#=3", "--set [a]#:" + no_key},
      {"run..dt=3", "--set run..dt:" + no_key},
      {"a=1\nb=2", "accepted"},
      {"a\nb=2", "--set a\\x0ab:" + no_key},
      {dotted_key(65) + "=2", "--set " + dotted_key(65).substr(0, 80) + "...:" + no_key},
      {"seed.x=3", "--set seed.x: seed is 1 (a.toml:1:8), not a table, and holds no 'x'"},
      {"name=\xff", "--set name: the value is not UTF-8 text; write it in UTF-8"},
  };
  for (const auto& [assignment, message] : cases) {
    Value root = parse_config("seed = 1\n", "a.toml");
    EXPECT_EQ(refusal([&, &text = assignment] { apply_override(root, text); }), message);
  }
}

TEST(Override, NamesItsKeyOnce) {
  const auto read = [](const std::string& assignment, const char* key) {
    Value root = parse_config("", "a.toml");
    apply_override(root, assignment);
    TableReader(root, "").table("run").quantity(key, Unit::ms, 1, 0, 10);
  };
  EXPECT_EQ(refusal([&] { read("run.dt=11", "dt"); }), "--set run.dt is 11; allowed is 0 ms to 10 ms");
  EXPECT_EQ(refusal([&] { read("run.dt=2 mV", "dt"); }),
            "--set run.dt: '2 mV' is a voltage, not a time; write e.g. \"20 ms\"");
  EXPECT_EQ(refusal([&] { read("run={ dt = 11 }", "dt"); }), "--set run.dt is 11; allowed is 0 ms to 10 ms");
}

// Writer

class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : words_(seed) {}

  Table table(int depth) {
    Table result;
    for (std::uint64_t i = below(6); i > 0; --i) result.set(text(), value(depth));
    return result;
  }

 private:
  std::uint64_t below(std::uint64_t n) { return words_() % n; }

  std::string text() {
    static const std::vector<std::string> pieces = {"a",  "B", "7",    "_",      "-",      ".",         " ",
                                                    "\"", "'", "\\",   "\n",     "\t",     "\r",        "\b",
                                                    "#",  "=", "\x7f", "\u00b5", "\u8109", "\U0001f9e0"};
    std::string result;
    for (std::uint64_t i = below(5); i > 0; --i) result += pieces[below(pieces.size())];
    return result;
  }

  double number() {
    const double special[] = {0.0, -0.0, 1.0, 1e22, 4.9e-324, INFINITY, -INFINITY, NAN};
    return below(2) == 0 ? special[below(8)] : std::bit_cast<double>(words_());
  }

  Value value(int depth) {
    switch (below(depth > 0 ? 7 : 4)) {
      case 0:
        return Value(below(2) == 0);
      case 1:
        return Value(std::bit_cast<std::int64_t>(words_()));
      case 2:
        return Value(number());
      case 3:
        return Value(text());
      case 4: {
        Array array;
        for (std::uint64_t i = below(4); i > 0; --i) array.push_back(value(depth - 1));
        return Value(std::move(array));
      }
      default:
        return Value(table(depth - 1));
    }
  }

  std::mt19937_64 words_;
};

TEST(ToToml, IsReadBackAsTheSameTree) {
  for (unsigned seed = 0; seed < 3'000; ++seed) {
    const Value tree(RandomTree(seed).table(4));
    const std::string text = to_toml(tree);
    ASSERT_EQ(parse_config(text, "random"), tree) << text;
  }
}

TEST(ToToml, WritesSectionsAndKeepsATableBeforeAValueInline) {
  const std::string text =
      "format = 1\nrun = { dt = 0.1, time = 2.0 }\nseed = 1\n\n[populations.exc]\nsize = 3\n\n[populations.exc.init]\n"
      "membrane = { normal = [-58.0, 5.0] }\nlast = []\n\n[empty]\n";
  EXPECT_EQ(to_toml(parse_config(text, "a.toml")), text);
  EXPECT_EQ(refusal([] { to_toml(Value(3)); }), "default: only a table can be written as a TOML document");
}

// Reader

const std::vector<std::string> kinds = {"lif", "cuba_lif", "izhikevich"};

TEST(TableReader, ReadsValuesAndFallbacks) {
  const Value root = parse_config(
      "tau = \"2 s\"\nrate = 5\nsize = 800\non = true\nkind = \"lif\"\nindex = [1, 2]\nshift = [\"1 px\", 2]\n"
      "files = [\"a\"]\nsub = { x = 1 }\n",
      "a.toml");
  TableReader reader(root, "");
  EXPECT_EQ(reader.quantity("tau", Unit::ms, required, 0, INFINITY), 2000.0);
  EXPECT_EQ(reader.quantity("rate", Unit::Hz, required, 0, 5), 5.0);
  EXPECT_EQ(reader.quantity("rest", Unit::mV, -70, -200, 200), -70.0);
  EXPECT_EQ(reader.integer("size", required, 1, 800), 800);
  EXPECT_EQ(reader.integer("every", 3, 1, 10), 3);
  EXPECT_TRUE(reader.boolean("on", required));
  EXPECT_FALSE(reader.boolean("initial", false));
  EXPECT_EQ(reader.choice("kind", required, kinds), "lif");
  EXPECT_EQ(reader.text("name", "net"), "net");
  EXPECT_EQ(reader.integers("index", 0, 9), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(reader.quantities("shift", Unit::px, 0, 9), (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(reader.texts("files"), std::vector<std::string>{"a"});
  EXPECT_TRUE(reader.texts("more").empty());
  EXPECT_EQ(reader.table("sub").integer("x", required, 0, 9), 1);
  EXPECT_EQ(reader.table("absent").integer("y", 4, 0, 9), 4);
  EXPECT_EQ(reader.find("nothing"), nullptr);
  EXPECT_TRUE(reader.has("tau"));
  EXPECT_FALSE(reader.has("delay"));
  EXPECT_EQ(reader.names(),
            (std::vector<std::string>{"tau", "rate", "size", "on", "kind", "index", "shift", "files", "sub"}));
  reader.finish();
}

TEST(TableReader, ResolvesToWhatWasReadInOrderWithUnitsAndOrigins) {
  Value root = parse_config("rate = 5\ntau = \"2 s\"\nsub = { x = 1 }\nraw = [1]\nshift = [1, \"2 px\"]\n", "a.toml");
  apply_override(root, "gain=2");
  TableReader reader(root, "");
  reader.quantity("tau", Unit::ms, required, 0, INFINITY);
  reader.quantity("tau", Unit::ms, required, 0, INFINITY);
  reader.quantity("rest", Unit::mV, -70, -200, 200);
  reader.quantity("rate", Unit::Hz, required, 0, INFINITY);
  reader.quantity("gain", Unit::none, required, 0, INFINITY);
  reader.quantities("shift", Unit::px, 0, 9);
  reader.require("raw", "[1]");
  reader.texts("files");
  reader.table("sub").integer("x", required, 0, 9);
  reader.table("more").text("y", "z");
  const Value resolved = reader.resolved();
  EXPECT_EQ(to_toml(resolved),
            "tau = \"2000 ms\"\nrest = \"-70 mV\"\nrate = \"5 Hz\"\ngain = 2.0\nshift = [\"1 px\", \"2 px\"]\n"
            "raw = [1]\n\n[sub]\nx = 1\n\n[more]\ny = \"z\"\n");
  EXPECT_EQ(at(resolved, {"tau"}).where().text(), "a.toml:2:7");
  EXPECT_EQ(at(resolved, {"rest"}).where().text(), "default");
  EXPECT_EQ(at(resolved, {"gain"}).where().text(), "--set gain");
  EXPECT_EQ(at(resolved, {"shift", "1"}).where().text(), "a.toml:5:13");
  EXPECT_EQ(at(resolved, {"more"}).where().text(), "default");
}

struct ReaderCase {
  std::string_view line;  // second line of a.toml, in [populations.exc]
  std::function<void(TableReader&)> read;
  std::string_view message;
};

void expect_refusals(const std::vector<ReaderCase>& cases) {
  for (const auto& [line, read, message] : cases) {
    const Value root = parse_config(fmt::format("[populations.exc]\n{}\n", line), "a.toml");
    TableReader reader(at(root, {"populations", "exc"}), "populations.exc");
    EXPECT_EQ(refusal([&, &action = read] { action(reader); }), message);
  }
}

TEST(TableReader, RefusesWrongQuantities) {
  const auto tau = [](TableReader& r) { r.quantity("tau_mem", Unit::ms, required, above_zero, 1000); };
  const auto gain = [](TableReader& r) { r.quantity("gain", Unit::none, 1, -INFINITY, 2); };
  const auto rest = [](TableReader& r) { r.quantity("rest", Unit::mV, required, -100, INFINITY); };
  expect_refusals({
      {"tau_mem = \"20 mV\"", tau,
       "a.toml:2:11: populations.exc.tau_mem: '20 mV' is a voltage, not a time; write e.g. \"20 ms\""},
      {"tau_mem = 0", tau, "a.toml:2:11: populations.exc.tau_mem is 0; allowed is above 0 ms, at most 1000 ms"},
      {"tau_mem = \"2 s\"", tau,
       "a.toml:2:11: populations.exc.tau_mem is \"2 s\"; allowed is above 0 ms, at most 1000 ms"},
      {"tau_mem = nan", tau,
       "a.toml:2:11: populations.exc.tau_mem is nan (a number); it takes a finite number, e.g. tau_mem = \"20 ms\""},
      {"tau_mem = true", tau,
       "a.toml:2:11: populations.exc.tau_mem is true (a boolean); it takes a number of ms or text with a unit, e.g. "
       "tau_mem = \"20 ms\""},
      {"tau_mem = { normal = [1, 2] }", tau,
       "a.toml:2:11: populations.exc.tau_mem is { normal = [1, 2] } (a table); it takes a number of ms or text with a "
       "unit, e.g. tau_mem = \"20 ms\""},
      {"gain = 2.5", gain, "a.toml:2:8: populations.exc.gain is 2.5; allowed is at most 2"},
      {"gain = [0, 11111111, 22222222, 33333333, 44444444, 55555555, 66666666, 77777777, 88888888]", gain,
       "a.toml:2:8: populations.exc.gain is [0, 11111111, 22222222, 33333333, 44444444, 55555555, 66666666, 77777777, "
       "888888... (a list); "
       "it "
       "takes a number, e.g. gain = 1"},
      {"rest = \"-1 V\"", rest, "a.toml:2:8: populations.exc.rest is \"-1 V\"; allowed is at least -100 mV"},
      {"rst = 1", rest,
       "a.toml:1:1: populations.exc has no key 'rest' (is 'rst', a.toml:2:1, a typo of it?); add a line such as: rest "
       "= "
       "\"-65 mV\""},
      {"x = [1, \"2 s\"]", [](TableReader& r) { r.quantities("x", Unit::px, 0, 9); },
       "a.toml:2:9: populations.exc.x[1]: '2 s' is a time, not a number of pixels; write e.g. \"3 px\""},
      {"x = 1", [](TableReader& r) { r.quantities("x", Unit::px, 0, 9); },
       "a.toml:2:5: populations.exc.x is 1 (an integer); it takes a list of numbers or quantities, e.g. x = [\"3 "
       "px\"]"},
  });
}

TEST(TableReader, RefusesWrongIntegersBooleansTextsAndTables) {
  const auto size = [](TableReader& r) { r.integer("size", required, 1, 65536); };
  const auto kind = [](TableReader& r) { r.choice("kind", required, kinds); };
  const auto on = [](TableReader& r) { r.boolean("on", required); };
  const auto name = [](TableReader& r) { r.text("name", required); };
  const auto index = [](TableReader& r) { r.integers("index", 0, std::numeric_limits<std::int64_t>::max()); };
  expect_refusals({
      {"size = 0", size, "a.toml:2:8: populations.exc.size is 0; allowed is 1 to 65536"},
      {"size = 8e2", size,
       "a.toml:2:8: populations.exc.size is 800.0 (a number); it takes an integer, e.g. size = 800"},
      {"size = \"8\"", size, "a.toml:2:8: populations.exc.size is \"8\" (text); it takes an integer, e.g. size = 1"},
      {"", size, "a.toml:1:1: populations.exc has no key 'size'; add a line such as: size = 1"},
      {"kind = \"cuba-lif\"", kind,
       "a.toml:2:8: populations.exc.kind is \"cuba-lif\"; allowed are lif, cuba_lif, izhikevich; did you mean "
       "'cuba_lif'?"},
      {"kind = \"a\\nb\"", kind,
       "a.toml:2:8: populations.exc.kind is \"a\\nb\"; allowed are lif, cuba_lif, izhikevich"},
      {"kind = 3", kind, "a.toml:2:8: populations.exc.kind is 3 (an integer); it takes text, e.g. kind = \"lif\""},
      {"", kind, "a.toml:1:1: populations.exc has no key 'kind'; add a line such as: kind = \"lif\""},
      {"on = 1", on, "a.toml:2:6: populations.exc.on is 1 (an integer); it takes true or false, e.g. on = true"},
      {"", on, "a.toml:1:1: populations.exc has no key 'on'; add a line such as: on = true"},
      {"name = []", name, "a.toml:2:8: populations.exc.name is [] (a list); it takes text, e.g. name = \"...\""},
      {"", name, "a.toml:1:1: populations.exc has no key 'name'; add a line such as: name = \"...\""},
      {"", [](TableReader& r) { r.require("from", "\"noise\""); },
       "a.toml:1:1: populations.exc has no key 'from'; add a line such as: from = \"noise\""},
      {"index = [3, -1]", index, "a.toml:2:13: populations.exc.index[1] is -1; allowed is at least 0"},
      {"index = [\"a\"]", index, "a.toml:2:10: populations.exc.index[0] is \"a\" (text); it takes an integer, e.g. 1"},
      {"index = [[1]]", index, "a.toml:2:10: populations.exc.index[0] is [1] (a list); it takes an integer, e.g. 1"},
      {"sub = 3", [](TableReader& r) { r.table("sub"); },
       "a.toml:2:7: populations.exc.sub is 3 (an integer); it takes a table, e.g. populations.exc.sub = { key = value "
       "}"},
      {"", [](TableReader& r) { r.table("a.b").integer("x", required, 1, 2); },
       "a.toml:1:1: populations.exc.\"a.b\" has no key 'x'; add a line such as: x = 1"},
  });
}

TEST(TableReader, RefusesKeysThatNobodyRead) {
  const auto tau = [](TableReader& r) {
    r.has("tau_syn");
    r.quantity("tau_mem", Unit::ms, 20, 0, 100);
    r.finish();
  };
  expect_refusals({
      {"tau_men = 5", tau,
       "a.toml:2:1: populations.exc has no key 'tau_men'; did you mean 'tau_mem'? It knows: tau_syn, tau_mem"},
      {"tau_mem = 5", tau, "accepted"},
      {"tau_syn = 5", tau, "a.toml:2:1: populations.exc.tau_syn has no effect here; remove it"},
      {"  \"a\\tb\" = 5", tau, "a.toml:2:3: populations.exc has no key 'a\\x09b'; it knows: tau_syn, tau_mem"},
      {"x = 5", [](TableReader& r) { r.finish(); },
       "a.toml:2:1: populations.exc has no key 'x'; it takes none, remove it"},
      {"sub = { x = 1, y = 2 }",
       [](TableReader& r) {
         r.table("sub").integer("x", 0, 0, 9);
         r.finish();
       },
       "a.toml:2:16: populations.exc.sub has no key 'y'; it knows: x"},
  });
}

TEST(TableReader, CallsTheRootTheTopLevel) {
  Value root = parse_config("sed = 1\n", "a.toml");
  TableReader reader(root, "");
  reader.integer("seed", 1, 0, 9);
  EXPECT_EQ(refusal([&] { reader.finish(); }),
            "a.toml:1:1: the top level has no key 'sed'; did you mean 'seed'? It knows: seed");
  root = parse_config("", "a.toml");
  apply_override(root, "run.dtt=3");
  TableReader overridden(root, "");
  overridden.table("run").quantity("dt", Unit::ms, 1, 0, 9);
  EXPECT_EQ(refusal([&] { overridden.finish(); }),
            "--set run.dtt: run has no key 'dtt'; did you mean 'dt'? It knows: dt");
}

}  // namespace
}  // namespace crosspike
