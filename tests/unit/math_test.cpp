// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <crosspike/core/math.hpp>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>

namespace crosspike {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

// The exact value at `x`, computed with 50 digits (mpmath), is rounded + residue * ulp(rounded).
struct Exact {
  double x, rounded, residue;
};

double ulp(double y) {
  if (std::fabs(y) < std::numeric_limits<double>::min()) return std::numeric_limits<double>::denorm_min();
  return std::ldexp(1.0, std::ilogb(y) - 52);
}

template <class Function>
void expect_within_one_ulp(std::span<const Exact> table, Function function) {
  for (const auto& [x, rounded, residue] : table) {
    const double error = (function(x) - rounded) / ulp(rounded) - residue;
    EXPECT_LE(std::fabs(error), 1.0) << "at " << x << ": " << function(x) << " for " << rounded;
  }
}

constexpr Exact exp_table[] = {
    {-0x1.7490a3d70a3d7p+9, 0x0.0000000000001p-1022, -0.4984},
    {-0x1.748p+9, 0x0.0000000000001p-1022, -0.4287},
    {-0x1.744p+9, 0x0.0000000000001p-1022, -0.0582},
    {-0x1.72p+9, 0x0.0000000000055p-1022, -0.2190},
    {-0x1.6d2p+9, 0x0.0000000163111p-1022, 0.3421},
    {-0x1.68p+9, 0x0.0000993b4dc95p-1022, 0.1201},
    {-0x1.63p+9, 0x0.33802fd28b3c3p-1022, 0.0371},
    {-0x1.628p+9, 0x0.8bfe55de02338p-1022, 0.2791},
    {-0x1.6233333333333p+9, 0x0.ff15b469edf89p-1022, -0.1760},
    {-0x1.6226666666666p+9, 0x1.19e98b83de7a3p-1022, 0.4064},
    {-0x1.5ep+9, 0x1.14f2b0fb9307fp-1010, 0.0419},
    {-0x1.f48p+8, 0x1.e8222ed342a1ep-723, -0.1512},
    {-0x1.2cp+8, 0x1.245639c3a49f7p-433, 0.2959},
    {-0x1.9p+6, 0x1.a8c1f14e2af5dp-145, -0.3155},
    {-0x1.5d33333333333p+6, 0x1.09874c0b9cacbp-126, 0.1015},
    {-0x1.9p+5, 0x1.d257d547e083fp-73, -0.1597},
    {-0x1.4p+4, 0x1.1b48655f37267p-29, -0.1015},
    {-0x1.4p+3, 0x1.7cd79b5647c9bp-15, -0.3892},
    {-0x1.6p+2, 0x1.0bd4a5aca7728p-8, 0.4571},
    {-0x1.8p+1, 0x1.97db0ccceb0afp-5, -0.2137},
    {-0x1p+1, 0x1.152aaa3bf81ccp-3, -0.3756},
    {-0x1p+0, 0x1.78b56362cef38p-2, -0.2239},
    {-0x1.6666666666666p-1, 0x1.fc80db9dd5542p-2, 0.1770},
    {-0x1.6666666666666p-2, 0x1.68cce09671f71p-1, 0.0937},
    {-0x1.5c28f5c28f5c3p-2, 0x1.6c6d28e50ebb5p-1, 0.4032},
    {-0x1.999999999999ap-4, 0x1.cf46d99d52b3ap-1, 0.4554},
    {-0x1.0624dd2f1a9fcp-10, 0x1.ff7cfe56f1a9ep-1, -0.2726},
    {-0x1.b7cdfd9d7bdbbp-34, 0x1.ffffffff2419p-1, 0.0746},
    {-0x1.56e1fc2f8f359p-997, 0x1p+0, 0.0000},
    {0x0.0000000000001p-1022, 0x1p+0, 0.0000},
    {0x1.70ef54646d497p-57, 0x1p+0, 0.0450},
    {0x1.5798ee2308c3ap-27, 0x1.0000002af31dcp+0, 0.4989},
    {0x1.0624dd2f1a9fcp-10, 0x1.0041919b7ee34p+0, -0.1932},
    {0x1.47ae147ae147bp-6, 0x1.052bea3ec0132p+0, 0.1542},
    {0x1.999999999999ap-4, 0x1.1aec7b35a00d4p+0, -0.3670},
    {0x1.62eb1c432ca58p-2, 0x1.6a0c5906bc779p+0, 0.1229},
    {0x1p-1, 0x1.a61298e1e069cp+0, -0.2131},
    {0x1p+0, 0x1.5bf0a8b145769p+1, 0.3255},
    {0x1p+1, 0x1.d8e64b8d4ddaep+2, -0.2023},
    {0x1.921fb54442d18p+1, 0x1.724046eb09339p+4, -0.1774},
    {0x1.4p+3, 0x1.5829dcf95056p+14, -0.3788},
    {0x1.62ccccccccccdp+6, 0x1.f4705bbffae5cp+127, -0.0677},
    {0x1.9p+6, 0x1.3494a9b171bf5p+144, -0.3252},
    {0x1.599999999999ap+8, 0x1.82ca33b1c0ee6p+498, -0.4888},
    {0x1.2cp+9, 0x1.88a122d234b39p+865, 0.2951},
    {0x1.628p+9, 0x1.d422d2be5dc9bp+1022, -0.1960},
    {0x1.62d999999999ap+9, 0x1.d75ae7a50ee14p+1023, -0.2066},
    {0x1.62e3d70a3d70ap+9, 0x1.fe9ce5c4c52b4p+1023, 0.4147},
};

constexpr Exact expm1_table[] = {
    {-0x1.5ep+9, -0x1p+0, 0.0000},
    {-0x1.9p+5, -0x1p+0, 0.0000},
    {-0x1.4p+5, -0x1p+0, 0.0191},
    {-0x1.3p+5, -0x1p+0, 0.1414},
    {-0x1.28p+5, -0x1.fffffffffffffp-1, -0.2314},
    {-0x1.ep+4, -0x1.ffffffffffcb5p-1, -0.1403},
    {-0x1.4p+3, -0x1.fffa0ca192a6ep-1, -0.0531},
    {-0x1.8p+1, -0x1.e6824f33314f5p-1, -0.0759},
    {-0x1.8p+0, -0x1.8dc1e236d28f9p-1, 0.3481},
    {-0x1.0a3d70a3d70a4p+0, -0x1.4b07fce8bce81p-1, -0.2122},
    {-0x1p+0, -0x1.43a54e4e98864p-1, -0.1119},
    {-0x1.6666666666666p-1, -0x1.01bf92311555fp-1, 0.0885},
    {-0x1p-1, -0x1.92e9a0720d3ecp-2, -0.0119},
    {-0x1.6353f7ced9168p-2, -0x1.2c3b3959fa499p-2, -0.3370},
    {-0x1.62eb1c432ca58p-2, -0x1.2bf1186530eb9p-2, 0.1410},
    {-0x1.3333333333333p-2, -0x1.0966f2c7907f6p-2, -0.0325},
    {-0x1.999999999999ap-4, -0x1.85c933156a62cp-4, -0.3568},
    {-0x1.47ae147ae147bp-7, -0x1.460c0b518c09fp-7, 0.2688},
    {-0x1.0624dd2f1a9fcp-10, -0x1.0603521cac48cp-10, 0.4493},
    {-0x1.4f8b588e368f1p-17, -0x1.4f8aea9acf2c9p-17, -0.4538},
    {-0x1.5798ee2308c3ap-27, -0x1.5798ee0636111p-27, 0.3896},
    {-0x1.cd2b297d889bcp-54, -0x1.cd2b297d889bcp-54, 0.4056},
    {-0x1.56e1fc2f8f359p-997, -0x1.56e1fc2f8f359p-997, 0.0000},
    {0x0.0000000000001p-1022, 0x0.0000000000001p-1022, 0.0000},
    {0x1.089ed476ecabp-1022, 0x1.089ed476ecabp-1022, 0.0000},
    {0x1.bff2ee48e053p-333, 0x1.bff2ee48e053p-333, 0.0000},
    {0x1.70ef54646d497p-57, 0x1.70ef54646d497p-57, 0.0325},
    {0x1.12e0be826d695p-30, 0x1.12e0be84bbb51p-30, -0.3600},
    {0x1.4f8b588e368f1p-17, 0x1.4f8bc681cdfb6p-17, -0.1837},
    {0x1.0624dd2f1a9fcp-10, 0x1.06466dfb8cf3ap-10, 0.1198},
    {0x1.47ae147ae147bp-7, 0x1.4952e9791133fp-7, -0.3820},
    {0x1.999999999999ap-4, 0x1.aec7b35a00d3ap-4, 0.1276},
    {0x1.3333333333333p-2, 0x1.6641632306a56p-2, 0.2981},
    {0x1.62e33eff19503p-2, 0x1.a82644e282273p-2, -0.3457},
    {0x1.62e5de15ca6cap-2, 0x1.a829f9f2e413p-2, 0.4425},
    {0x1.6b851eb851eb8p-2, 0x1.b468b3914eaefp-2, 0.0622},
    {0x1p-1, 0x1.4c2531c3c0d38p-1, -0.4262},
    {0x1p+0, 0x1.b7e151628aed3p+0, -0.3489},
    {0x1.0a29c779a6b51p+0, 0x1.d40ff32e51df2p+0, 0.3223},
    {0x1.0a305532617c2p+0, 0x1.d4227ca207464p+0, 0.4291},
    {0x1p+1, 0x1.98e64b8d4ddaep+2, -0.2023},
    {0x1.4p+2, 0x1.26d389970338fp+7, 0.1227},
    {0x1.4p+4, 0x1.ceb088a68e804p+28, 0.0082},
    {0x1.2733333333333p+5, 0x1.2d61a967da146p+53, -0.2356},
    {0x1.34p+5, 0x1.753025a61bfe5p+55, -0.3553},
    {0x1.9p+5, 0x1.19103e4080b45p+72, 0.3996},
    {0x1p+6, 0x1.425982cf597cdp+92, 0.1264},
    {0x1.04p+6, 0x1.b61e5ca3a5e31p+93, -0.3010},
    {0x1.2cp+8, 0x1.c05c0a7166b4ap+432, 0.4525},
    {0x1.62e3d70a3d70ap+9, 0x1.fe9ce5c4c52b4p+1023, 0.4147},
};

constexpr Exact log_table[] = {
    {0x0.0000000000001p-1022, -0x1.74385446d71c3p+9, -0.3890},
    {0x0.0000000000002p-1022, -0x1.73df9b3adb335p+9, 0.0946},
    {0x0.00000000007e8p-1022, -0x1.7069e3078e52dp+9, 0.2952},
    {0x0.000000ee31a1dp-1022, -0x1.6a8d514b03177p+9, -0.3661},
    {0x0.fffffffffffffp-1022, -0x1.6232bdd7abcd2p+9, -0.2436},
    {0x1p-1022, -0x1.6232bdd7abcd2p+9, -0.2417},
    {0x1.56e1fc2f8f359p-997, -0x1.5963447f87fb5p+9, -0.2082},
    {0x1.bff2ee48e053p-333, -0x1.cc845b54b54f2p+7, 0.3895},
    {0x1.b7cdfd9d7bdbbp-34, -0x1.7069e2aa2aa5bp+4, 0.1213},
    {0x1p-32, -0x1.62e42fefa39efp+4, -0.2089},
    {0x1p-33, -0x1.6dfb516f20bbfp+4, 0.3158},
    {0x1.0624dd2f1a9fcp-10, -0x1.ba18a998fffap+2, -0.2433},
    {0x1.999999999999ap-4, -0x1.26bb1bbb55515p+1, -0.3862},
    {0x1p-2, -0x1.62e42fefa39efp+0, -0.2089},
    {0x1.3333333333333p-2, -0x1.34378fcbda721p+0, 0.4024},
    {0x1.999999999999ap-2, -0x1.d5240f0e0e077p-1, -0.1270},
    {0x1p-1, -0x1.62e42fefa39efp-1, -0.2089},
    {0x1.3333333333333p-1, -0x1.058aefa811452p-1, 0.0137},
    {0x1.6666666666666p-1, -0x1.6d3c324e13f5p-2, 0.0869},
    {0x1.6a09e667f3bccp-1, -0x1.62e42fefa39f1p-2, 0.1941},
    {0x1.6a09e667f3bcdp-1, -0x1.62e42fefa39eep-2, 0.0225},
    {0x1.6b851eb851eb8p-1, -0x1.5eb5c7907e4cap-2, 0.2748},
    {0x1.8p-1, -0x1.269621134db92p-2, -0.4697},
    {0x1.ccccccccccccdp-1, -0x1.af8e8210a415cp-4, 0.3466},
    {0x1.fae147ae147aep-1, -0x1.495453e6fd4bcp-7, 0.2503},
    {0x1.ffffffaa19c47p-1, -0x1.5798ee5cd2b2ap-27, 0.0044},
    {0x1.fffffffffffffp-1, -0x1p-53, -0.2500},
    {0x1.0000000000001p+0, 0x1.fffffffffffffp-53, 0.0000},
    {0x1.0000002af31dcp+0, 0x1.5798ede32d4d7p-27, 0.0785},
    {0x1.028f5c28f5c29p+0, 0x1.460d6ccca367cp-7, -0.2154},
    {0x1.199999999999ap+0, 0x1.8663f793c46ccp-4, 0.4271},
    {0x1.4cccccccccccdp+0, 0x1.0ca937be1b9dcp-2, 0.4798},
    {0x1.6a09e667f3bccp+0, 0x1.62e42fefa39eep-2, -0.3881},
    {0x1.6a09e667f3bcdp+0, 0x1.62e42fefa39fp-2, 0.4403},
    {0x1.8p+0, 0x1.9f323ecbf984cp-2, -0.0519},
    {0x1p+1, 0x1.62e42fefa39efp-1, 0.2089},
    {0x1.4p+1, 0x1.d5240f0e0e078p-1, -0.3730},
    {0x1.5bf0a8b145769p+1, 0x1p+0, -0.2395},
    {0x1.8p+1, 0x1.193ea7aad030bp+0, -0.4085},
    {0x1p+2, 0x1.62e42fefa39efp+0, 0.2089},
    {0x1.4p+3, 0x1.26bb1bbb55516p+1, -0.4888},
    {0x1.9p+6, 0x1.26bb1bbb55516p+2, -0.4888},
    {0x1.81cd6c8b43958p+13, 0x1.2d79559791e31p+3, -0.1074},
    {0x1.2a05f2p+33, 0x1.7069e2aa2aa5bp+4, -0.1110},
    {0x1.249ad2594c37dp+332, 0x1.cc845b54b54f2p+7, -0.3882},
    {0x1.7e43c8800759cp+996, 0x1.5963447f87fb5p+9, 0.2089},
    {0x1.fffffffffffffp+1023, 0x1.62e42fefa39efp+9, 0.2079},
};

constexpr Exact sin_table[] = {
    {0x0.0000000000001p-1022, 0x0.0000000000001p-1022, 0.0000},
    {0x1.56e1fc2f8f359p-997, 0x1.56e1fc2f8f359p-997, 0.0000},
    {0x1.79ca10c924223p-67, 0x1.79ca10c924223p-67, -0.0000},
    {0x1.5798ee2308c3ap-27, 0x1.5798ee2308c3ap-27, -0.1007},
    {0x1.0624dd2f1a9fcp-10, 0x1.0624da5218a62p-10, 0.0262},
    {0x1.999999999999ap-4, 0x1.98eaecb8bcb2cp-4, 0.2219},
    {0x1p-2, 0x1.faaeed4f31577p-3, -0.2713},
    {0x1p-1, 0x1.eaee8744b05fp-2, -0.0919},
    {0x1.921fb54442d18p-1, 0x1.6a09e667f3bccp-1, 0.3696},
    {0x1.921fb54442d1ep-1, 0x1.6a09e667f3bd1p-1, -0.3877},
    {0x1.947ae147ae148p-1, 0x1.6bb36c9347c8ep-1, 0.1583},
    {0x1p+0, 0x1.aed548f090ceep-1, 0.0160},
    {0x1.3333333333333p+0, 0x1.dd343a21a55c4p-1, 0.4066},
    {0x1.8p+0, 0x1.feb7a9b2c6d8bp-1, -0.1311},
    {0x1.921fb54442d18p+0, 0x1p+0, -0.0000},
    {0x1.999999999999ap+0, 0x1.ffc81c7e042c5p-1, 0.4672},
    {0x1p+1, 0x1.d18f6ead1b446p-1, -0.1263},
    {0x1.2d916872b020cp+1, 0x1.6a1bec8ab043dp-1, 0.4143},
    {0x1.4p+1, 0x1.326af0dcfcab1p-1, -0.4973},
    {0x1.8p+1, 0x1.210386db6d55bp-3, 0.3090},
    {0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53, -0.1215},
    {0x1.999999999999ap+1, -0x1.de33739e82d32p-5, -0.0986},
    {0x1.f333333333333p+1, -0x1.6022e2d1fb3cbp-1, 0.1359},
    {0x1p+2, -0x1.837b9dddc1eaep-1, -0.4407},
    {0x1.2p+2, -0x1.f47ed3dc7408p-1, -0.4161},
    {0x1.2d97c7f3321d2p+2, -0x1p+0, 0.0000},
    {0x1.3333333333333p+2, -0x1.fe0949a0c3ep-1, -0.0532},
    {0x1.4p+2, -0x1.eaf81f5e09933p-1, -0.1344},
    {0x1.6p+2, -0x1.693c94e0ab057p-1, 0.1608},
    {0x1.8p+2, -0x1.1e1f18ab0a2cp-2, -0.2281},
    {0x1.91eb851eb851fp+2, -0x1.a180fe0f0fda7p-9, 0.1525},
    {0x1.921fb54442d18p+2, -0x1.1a62633145c07p-52, 0.1215},
    {0x1.cp+2, 0x1.50608c26d0a08p-1, 0.2646},
    {0x1.4p+3, -0x1.1689ef5f34f52p-1, -0.3508},
    {0x1.6p+4, -0x1.220a29f6eb9f4p-7, 0.1642},
    {0x1.9p+6, -0x1.03425b78c4db8p-1, -0.0275},
    {0x1.63p+8, -0x1.f9bd0307d1de3p-16, 0.3841},
    {0x1.f4p+9, 0x1.a75cc150a206bp-1, 0.3484},
    {0x1.88b2f704a9409p+11, -0x1.69e20a6f0f0efp-42, -0.3587},
    {0x1.387cp+13, 0x1.819bf47e7fab3p-3, 0.0977},
    {0x1.388p+13, -0x1.38f2fa75d9289p-2, 0.2114},
    {0x1.86ap+16, 0x1.24daa9c527e96p-5, 0.2224},
    {0x1p+20, 0x1.526ccb2fc8656p-2, -0.2980},
    {-0x1.3333333333333p-2, -0x1.2e9cd95baba33p-2, -0.3299},
    {-0x1p+0, -0x1.aed548f090ceep-1, -0.0160},
    {-0x1p+1, -0x1.d18f6ead1b446p-1, 0.1263},
    {-0x1.921fb54442d18p+1, -0x1.1a62633145c07p-53, 0.1215},
    {-0x1p+2, 0x1.837b9dddc1eaep-1, 0.4407},
    {-0x1.8p+2, 0x1.1e1f18ab0a2cp-2, 0.2281},
    {-0x1.6p+4, 0x1.220a29f6eb9f4p-7, -0.1642},
    {-0x1.388p+13, 0x1.38f2fa75d9289p-2, -0.2114},
};

constexpr Exact cos_table[] = {
    {0x0.0000000000001p-1022, 0x1p+0, 0.0000},
    {0x1.56e1fc2f8f359p-997, 0x1p+0, 0.0000},
    {0x1.79ca10c924223p-67, 0x1p+0, -0.0000},
    {0x1.5798ee2308c3ap-27, 0x1p+0, -0.2252},
    {0x1.0624dd2f1a9fcp-10, 0x1.ffffef390876cp-1, -0.0705},
    {0x1.999999999999ap-4, 0x1.fd712f9a817c1p-1, -0.4956},
    {0x1p-2, 0x1.f01549f7deea1p-1, 0.4568},
    {0x1p-1, 0x1.c1528065b7d5p-1, -0.3839},
    {0x1.921fb54442d18p-1, 0x1.6a09e667f3bcdp-1, -0.2404},
    {0x1.921fb54442d1ep-1, 0x1.6a09e667f3bc9p-1, -0.4830},
    {0x1.947ae147ae148p-1, 0x1.685e69c8569afp-1, 0.0164},
    {0x1p+0, 0x1.14a280fb5068cp-1, -0.4288},
    {0x1.3333333333333p+0, 0x1.730de943b79d4p-2, -0.0421},
    {0x1.8p+0, 0x1.21bd54fc5f9a7p-4, 0.2654},
    {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0.1215},
    {0x1.999999999999ap+0, -0x1.de67ac55f1633p-6, 0.1198},
    {0x1p+1, -0x1.aa22657537205p-2, 0.3586},
    {0x1.2d916872b020cp+1, -0x1.69f7df5f75366p-1, 0.1085},
    {0x1.4p+1, -0x1.9a2f7ef858b7dp-1, -0.1682},
    {0x1.8p+1, -0x1.fae04be85e5d2p-1, -0.3788},
    {0x1.921fb54442d18p+1, -0x1p+0, 0.0000},
    {0x1.999999999999ap+1, -0x1.ff207e2b9cbb6p-1, 0.4096},
    {0x1.f333333333333p+1, -0x1.73ad66234c8eap-1, 0.1799},
    {0x1p+2, -0x1.4eaa606db24c1p-1, 0.2328},
    {0x1.2p+2, -0x1.afb5b54583d6ap-3, -0.3734},
    {0x1.2d97c7f3321d2p+2, -0x1.a79394c9e8a0ap-53, -0.3178},
    {0x1.3333333333333p+2, 0x1.66655584e404p-4, -0.4302},
    {0x1.4p+2, 0x1.22785706b4ad9p-2, 0.3277},
    {0x1.6p+2, 0x1.6ad6c3c07d448p-1, 0.0844},
    {0x1.8p+2, 0x1.eb9b7097822f5p-1, 0.4801},
    {0x1.91eb851eb851fp+2, 0x1.ffff55c68488ep-1, -0.0270},
    {0x1.921fb54442d18p+2, 0x1p+0, -0.0000},
    {0x1.cp+2, 0x1.81ff79ed92017p-1, 0.3358},
    {0x1.4p+3, -0x1.ad9ac890c6b1fp-1, -0.1274},
    {0x1.6p+4, -0x1.fffadd8d4acdap-1, -0.0077},
    {0x1.9p+6, 0x1.b981dbf665fdfp-1, 0.3904},
    {0x1.63p+8, -0x1.fffffffc18e4cp-1, 0.0952},
    {0x1.f4p+9, 0x1.1ff026793f1bbp-1, 0.4649},
    {0x1.88b2f704a9409p+11, 0x1p+0, -0.0000},
    {0x1.387cp+13, -0x1.f6d7af2c56c13p-1, 0.3409},
    {0x1.388p+13, -0x1.e780e88ec4409p-1, -0.3575},
    {0x1.86ap+16, -0x1.ffac3841b3da7p-1, -0.2112},
    {0x1p+20, 0x1.e33ada92fe2aep-1, -0.0786},
    {-0x1.3333333333333p-2, 0x1.e921dd42f09bap-1, 0.3777},
    {-0x1p+0, 0x1.14a280fb5068cp-1, -0.4288},
    {-0x1p+1, -0x1.aa22657537205p-2, 0.3586},
    {-0x1.921fb54442d18p+1, -0x1p+0, 0.0000},
    {-0x1p+2, -0x1.4eaa606db24c1p-1, 0.2328},
    {-0x1.8p+2, 0x1.eb9b7097822f5p-1, 0.4801},
    {-0x1.6p+4, -0x1.fffadd8d4acdap-1, -0.0077},
    {-0x1.388p+13, -0x1.e780e88ec4409p-1, -0.3575},
};

TEST(Math, ExpIsWithinOneUlpOfTheTable) { expect_within_one_ulp(exp_table, math::exp); }

TEST(Math, Expm1IsWithinOneUlpOfTheTable) { expect_within_one_ulp(expm1_table, math::expm1); }

TEST(Math, LogIsWithinOneUlpOfTheTable) { expect_within_one_ulp(log_table, math::log); }

TEST(Math, SinIsWithinOneUlpOfTheTable) {
  expect_within_one_ulp(sin_table, [](double x) { return math::sincos(x).sin; });
}

TEST(Math, CosIsWithinOneUlpOfTheTable) {
  expect_within_one_ulp(cos_table, [](double x) { return math::sincos(x).cos; });
}

TEST(Math, ExactResultsAreExact) {
  EXPECT_EQ(math::exp(0.0), 1.0);
  EXPECT_EQ(math::exp(-0.0), 1.0);
  EXPECT_EQ(math::expm1(0.0), 0.0);
  EXPECT_EQ(math::log(1.0), 0.0);
  EXPECT_EQ(math::sincos(0.0).sin, 0.0);
  EXPECT_EQ(math::sincos(0.0).cos, 1.0);
}

TEST(Math, OddFunctionsKeepTheSignOfZero) {
  EXPECT_TRUE(std::signbit(math::expm1(-0.0)));
  EXPECT_FALSE(std::signbit(math::expm1(0.0)));
  EXPECT_TRUE(std::signbit(math::sincos(-0.0).sin));
  EXPECT_FALSE(std::signbit(math::sincos(0.0).sin));
}

TEST(Math, ExpSaturatesToInfinityAndZero) {
  for (const double x : {709.79, 710.0, 1e4, 1e300, infinity}) EXPECT_EQ(math::exp(x), infinity) << x;
  for (const double x : {-745.14, -746.0, -1e4, -1e300, -infinity}) EXPECT_EQ(math::exp(x), 0.0) << x;
}

TEST(Math, Expm1SaturatesToInfinityAndMinusOne) {
  for (const double x : {709.79, 710.0, 1e300, infinity}) EXPECT_EQ(math::expm1(x), infinity) << x;
  for (const double x : {-50.0, -1e4, -1e300, -infinity}) EXPECT_EQ(math::expm1(x), -1.0) << x;
}

TEST(Math, LogHasItsLimitsAtZeroAndInfinityAndNoneBelowZero) {
  EXPECT_EQ(math::log(0.0), -infinity);
  EXPECT_EQ(math::log(-0.0), -infinity);
  EXPECT_EQ(math::log(infinity), infinity);
  for (const double x : {-std::numeric_limits<double>::denorm_min(), -1.0, -infinity}) {
    EXPECT_TRUE(std::isnan(math::log(x))) << x;
  }
}

TEST(Math, NanGivesNan) {
  EXPECT_TRUE(std::isnan(math::exp(not_a_number)));
  EXPECT_TRUE(std::isnan(math::expm1(not_a_number)));
  EXPECT_TRUE(std::isnan(math::log(not_a_number)));
  EXPECT_TRUE(std::isnan(math::sincos(not_a_number).sin));
  EXPECT_TRUE(std::isnan(math::sincos(not_a_number).cos));
}

TEST(Math, SincosRefusesAnglesThatItCannotReduce) {
  for (const double x : {std::nextafter(0x1p20, infinity), -1e7, infinity, -infinity}) {
    EXPECT_TRUE(std::isnan(math::sincos(x).sin)) << x;
    EXPECT_TRUE(std::isnan(math::sincos(x).cos)) << x;
  }
}

// A loop that the compiler vectorises must give the bits that single calls give.
TEST(Math, ALoopGivesTheBitsOfSingleCalls) {
  constexpr int size = 1003;
  double x[size], exps[size], logs[size], sines[size];
  for (int i = 0; i < size; ++i) x[i] = 0.01 + 0.6 * i;
  for (int i = 0; i < size; ++i) exps[i] = math::exp(x[i]);
  for (int i = 0; i < size; ++i) logs[i] = math::log(x[i]);
  for (int i = 0; i < size; ++i) sines[i] = math::sincos(x[i]).sin;
  for (int i = 0; i < size; ++i) {
    const volatile double single = x[i];
    EXPECT_EQ(exps[i], math::exp(single));
    EXPECT_EQ(logs[i], math::log(single));
    EXPECT_EQ(sines[i], math::sincos(single).sin);
  }
}

template <class R>
void expect_next_up_as_nextafter() {
  constexpr R top = std::numeric_limits<R>::infinity();
  const R cases[] = {R{1},
                     R{-1},
                     R{0},
                     R{-50.5},
                     std::numeric_limits<R>::denorm_min(),
                     std::numeric_limits<R>::max(),
                     R{20},
                     R{0.1f},
                     -top,
                     std::nextafter(R{2}, R{0}),
                     -std::numeric_limits<R>::denorm_min()};
  for (const R x : cases) EXPECT_EQ(math::next_up(x), std::nextafter(x, top)) << x;
  EXPECT_EQ(math::next_up(-R{0}), std::numeric_limits<R>::denorm_min());
  EXPECT_EQ(math::next_up(top), top);
  EXPECT_TRUE(std::isnan(math::next_up(std::numeric_limits<R>::quiet_NaN())));
}

TEST(Math, NextUpIsTheSmallestNumberAbove) {
  expect_next_up_as_nextafter<float>();
  expect_next_up_as_nextafter<double>();
}

TEST(Math, Log1pKeepsSmallArguments) {
  EXPECT_EQ(math::log1p(1e-20), 1e-20);
  EXPECT_NEAR(math::log1p(-1e-10), -1.00000000005e-10, 1e-25);
  EXPECT_NEAR(math::log1p(0.5), 0.40546510810816438198, 2e-16);
  EXPECT_NEAR(math::log1p(-0.5), -0.69314718055994530942, 2e-16);
}

}  // namespace
}  // namespace crosspike
