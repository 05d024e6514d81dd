internal import CLLVM

/// An LLVM intrinsic, looked up by name once per process.
///
/// See <https://llvm.org/docs/LangRef.html#intrinsic-functions>.
package struct Intrinsic: Hashable, Sendable {
  /// LLVM's number for the intrinsic.
  let id: UInt32

  /// Looks up the intrinsic with the given name, without its type suffix: `llvm.fma`.
  package init(_ name: String) {
    id = LLVMLookupIntrinsicID(name, name.utf8.count)
    precondition(id != 0, "this LLVM has no intrinsic \(name)")
  }

  /// `llvm.fma`: a product and sum rounded once.
  package static let fma = Intrinsic("llvm.fma")
  /// `llvm.sqrt`: the correctly rounded square root.
  package static let sqrt = Intrinsic("llvm.sqrt")
  /// `llvm.fabs`: the magnitude.
  package static let fabs = Intrinsic("llvm.fabs")
  /// `llvm.floor`: rounding toward minus infinity.
  package static let floor = Intrinsic("llvm.floor")
  /// `llvm.ceil`: rounding toward infinity.
  package static let ceil = Intrinsic("llvm.ceil")
  /// `llvm.roundeven`: rounding to nearest, ties to even.
  package static let roundeven = Intrinsic("llvm.roundeven")
  /// `llvm.round`: rounding to nearest, ties away from zero.
  package static let round = Intrinsic("llvm.round")
  /// `llvm.trunc`: rounding toward zero.
  package static let trunc = Intrinsic("llvm.trunc")
  /// `llvm.copysign`: the magnitude of one value with the sign of another.
  package static let copysign = Intrinsic("llvm.copysign")
  /// `llvm.minnum`: the smaller value; a quiet NaN loses.
  package static let minnum = Intrinsic("llvm.minnum")
  /// `llvm.maxnum`: the larger value; a quiet NaN loses.
  package static let maxnum = Intrinsic("llvm.maxnum")
  /// `llvm.minimum`: the smaller value; NaN wins and −0 is below +0.
  package static let minimum = Intrinsic("llvm.minimum")
  /// `llvm.maximum`: the larger value; NaN wins and −0 is below +0.
  package static let maximum = Intrinsic("llvm.maximum")
  /// `llvm.smin`: the smaller signed integer.
  package static let smin = Intrinsic("llvm.smin")
  /// `llvm.smax`: the larger signed integer.
  package static let smax = Intrinsic("llvm.smax")
  /// `llvm.umin`: the smaller unsigned integer.
  package static let umin = Intrinsic("llvm.umin")
  /// `llvm.umax`: the larger unsigned integer.
  package static let umax = Intrinsic("llvm.umax")
  /// `llvm.ctpop`: the number of set bits.
  package static let ctpop = Intrinsic("llvm.ctpop")
  /// `llvm.ctlz`: the number of leading zero bits.
  package static let ctlz = Intrinsic("llvm.ctlz")
  /// `llvm.cttz`: the number of trailing zero bits.
  package static let cttz = Intrinsic("llvm.cttz")
  /// `llvm.fptosi.sat`: conversion to a signed integer that saturates; NaN gives zero.
  package static let fptosiSat = Intrinsic("llvm.fptosi.sat")
  /// `llvm.fptoui.sat`: conversion to an unsigned integer that saturates; NaN gives zero.
  package static let fptouiSat = Intrinsic("llvm.fptoui.sat")
  /// `llvm.masked.load`: reads the lanes of a mask.
  package static let maskedLoad = Intrinsic("llvm.masked.load")
  /// `llvm.masked.store`: writes the lanes of a mask.
  package static let maskedStore = Intrinsic("llvm.masked.store")
  /// `llvm.masked.gather`: reads lanes from a vector of pointers.
  package static let gather = Intrinsic("llvm.masked.gather")
  /// `llvm.masked.scatter`: writes lanes to a vector of pointers.
  package static let scatter = Intrinsic("llvm.masked.scatter")
  /// `llvm.vector.reduce.or`: whether any bit is set across lanes.
  package static let reduceOr = Intrinsic("llvm.vector.reduce.or")
  /// `llvm.vector.reduce.and`: which bits are set in all lanes.
  package static let reduceAnd = Intrinsic("llvm.vector.reduce.and")
}

/// An intrinsic at particular types: the key of a module's table of declarations.
struct IntrinsicUse: Hashable {
  /// LLVM's number for the intrinsic.
  let id: UInt32
  /// The types that select the overload.
  let first, second: OpaquePointer?
}

/// A declared intrinsic and its type.
struct IntrinsicDeclaration {
  /// The declaration in the module.
  let function: OpaquePointer
  /// Its function type.
  let type: OpaquePointer
  /// How many parameters it has.
  let parameterCount: Int
}
