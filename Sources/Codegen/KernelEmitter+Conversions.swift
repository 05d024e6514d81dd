internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// Numbers between element types, and between memory and registers.
///
/// A boolean is a byte in memory and a bit in registers; f16 and bf16 are f32 in registers, rounded
/// after each function that needs it, so that storing them loses nothing.
extension KernelEmitter {
  // MARK: Memory

  /// An element in a register as it was read.
  func fromMemory(_ value: LLVMValue, _ element: ElementType) -> LLVMValue {
    let register = type(element).withWidth(value.type.vectorWidth)
    switch element {
    case .i1: return builder.icmp(.ne, value, builder.zero(value.type))
    case .f16: return builder.fpext(value, register)
    case .bf16:
      let bits = builder.zext(value, register.asInteger)
      return builder.bitcast(builder.shl(bits, builder.int(16, bits.type)), register)
    case .i4, .u4: return wrapped(value, to: element)
    case .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .f32, .f64, .c64, .c128:
      return value
    }
  }

  /// An element from a register as it is written.
  func toMemory(_ value: LLVMValue, _ element: ElementType) -> LLVMValue {
    let memory = memoryType(element).withWidth(value.type.vectorWidth)
    switch element {
    case .i1: return builder.zext(value, memory)
    case .f16: return builder.fptrunc(value, memory)
    case .bf16:
      let bits = builder.bitcast(value, value.type.asInteger)
      return builder.trunc(builder.lshr(bits, builder.int(16, bits.type)), memory)
    case .i4, .i8, .i16, .i32, .i64, .u4, .u8, .u16, .u32, .u64, .f32, .f64, .c64, .c128:
      return value
    }
  }

  // MARK: Registers

  /// What arithmetic in the register's type gives, as an element: rounded to a shorter float, wrapped
  /// to a shorter integer.
  ///
  /// - Parameter keepsNaN: whether a NaN among the values is an element's own or the processor's, whose
  ///   last bits are zero.
  func narrowed(
    _ value: LLVMValue, to element: ElementType, keepsNaN: Bool = false
  ) -> LLVMValue {
    switch element {
    case .f16: return builder.fpext(builder.fptrunc(value, halves(value)), value.type)
    case .bf16: return roundedToBF16(value, keepsNaN: keepsNaN)
    case .i4, .u4: return wrapped(value, to: element)
    case .i1, .i8, .i16, .i32, .i64, .u8, .u16, .u32, .u64, .f32, .f64, .c64, .c128:
      return value
    }
  }

  private func halves(_ value: LLVMValue) -> LLVMType {
    module.half.withWidth(value.type.vectorWidth)
  }

  /// An f32 rounded to the nearest one whose last 16 bits are zero, ties to even; NaN is quiet.
  private func roundedToBF16(_ value: LLVMValue, keepsNaN: Bool) -> LLVMValue {
    let bits = builder.bitcast(value, value.type.asInteger)
    let constant = { [builder] (value: Int) in builder.int(value, bits.type) }
    let lastKept = builder.and(bits, constant(0x10000))
    let isOdd = builder.icmp(.ne, lastKept, constant(0))
    let half = builder.select(isOdd, constant(0x8000), constant(0x7FFF))
    var rounded = builder.add(bits, half)
    // Without last bits a NaN carries nothing into its exponent.
    if !keepsNaN {
      let isNaN = builder.fcmp(.uno, value, value)
      rounded = builder.select(isNaN, builder.or(bits, constant(0x400000)), rounded)
    }
    return builder.bitcast(builder.and(rounded, constant(-0x10000)), value.type)
  }

  /// The low four bits of an integer as a number of the element type.
  private func wrapped(_ value: LLVMValue, to element: ElementType) -> LLVMValue {
    guard element.kind == .signed else { return builder.and(value, builder.int(15, value.type)) }
    let rest = builder.int(4, value.type)
    return builder.ashr(builder.shl(value, rest), rest)
  }

  /// An f64 as an f32 that rounds to a shorter float as the f64 does: cut off, with the last bit set
  /// where anything was lost ("rounding to odd", Boldo and Melquiond 2008).
  private func roundedToOdd(_ value: LLVMValue) -> LLVMValue {
    let single = module.float.withWidth(value.type.vectorWidth)
    let near = builder.fptrunc(value, single)
    let back = builder.fpext(near, value.type)
    let bits = builder.bitcast(near, single.asInteger)
    let one = builder.int(1, bits.type)
    let isBeyond = builder.fcmp(.ogt, builder.fabs(back), builder.fabs(value))
    let cut = builder.select(isBeyond, builder.sub(bits, one), bits)
    let isInexact = builder.fcmp(.one, back, value)
    return builder.bitcast(builder.select(isInexact, builder.or(cut, one), cut), single)
  }

  // MARK: Conversions

  /// A number in another type: floats to integers towards zero, held at the ends, NaN to zero.
  func convert(_ x: LLVMValue, from: ElementType, to: ElementType) -> LLVMValue {
    guard from != to else { return x }
    if to == .i1 {
      return from.isFloat
        ? builder.fcmp(.une, x, builder.zero(x.type)) : builder.icmp(.ne, x, builder.zero(x.type))
    }
    switch (from.isFloat, to.isFloat) {
    case (true, true): return convertFloat(x, from, to)
    case (true, false): return truncated(x, to)
    case (false, true): return convertToFloat(x, from, to)
    case (false, false): return convertInteger(x, from, to)
    }
  }

  private func convertFloat(_ x: LLVMValue, _ from: ElementType, _ to: ElementType) -> LLVMValue {
    let target = type(to).withWidth(x.type.vectorWidth)
    if to == .f64 { return builder.fpext(x, target) }
    guard from == .f64 else { return narrowed(x, to: to) }
    return to.isNarrow ? narrowed(roundedToOdd(x), to: to) : builder.fptrunc(x, target)
  }

  private func truncated(_ x: LLVMValue, _ to: ElementType) -> LLVMValue {
    let target = type(to).withWidth(x.type.vectorWidth)
    let isSigned = to.kind == .signed
    let whole =
      compared(x, target, isSigned: isSigned)
      ?? (isSigned ? builder.fptosiSaturating(x, target) : builder.fptouiSaturating(x, target))
    guard to.isNarrow else { return whole }
    let greatest = builder.int(isSigned ? 7 : 15, target)
    guard isSigned else { return builder.umin(whole, greatest) }
    return builder.smin(builder.smax(whole, builder.int(-8, target)), greatest)
  }

  /// A vector of floats as integers held at the ends by comparisons, where LLVM makes scalar code of
  /// conversions that hold them; nil for others.
  private func compared(_ x: LLVMValue, _ target: LLVMType, isSigned: Bool) -> LLVMValue? {
    let bits = target.scalarBits
    guard x.type.isVector, module.target.isX86, target.isVector else { return nil }
    if bits < 32 {
      // Shorter integers are 32 bits first.
      let wide = module.i32.withWidth(x.type.vectorWidth)
      guard let whole = compared(x, wide, isSigned: true) else { return nil }
      let (low, high) = isSigned ? (-1 << (bits - 1), 1 << (bits - 1) - 1) : (0, 1 << bits - 1)
      let held = builder.smin(
        builder.smax(whole, builder.int(low, wide)), builder.int(high, wide))
      return builder.trunc(held, target)
    }
    let isNative = isSigned && bits == 32 || module.target.has(bits == 32 ? "avx512f" : "avx512dq")
    guard isNative else { return nil }
    let exponent = isSigned ? bits - 1 : bits
    let bound = Double(sign: .plus, exponent: exponent, significand: 1)
    let (least, most) =
      isSigned ? (Int.min >> (64 - bits), Int.max >> (64 - bits)) : (0, -1)
    var whole = isSigned ? builder.fptosi(x, target) : builder.fptoui(x, target)
    let isAbove = builder.fcmp(.oge, x, builder.float(bound, x.type))
    whole = builder.select(isAbove, builder.int(most, target), whole)
    let isBelow = builder.fcmp(.olt, x, builder.float(isSigned ? -bound : 0, x.type))
    whole = builder.select(isBelow, builder.int(least, target), whole)
    return builder.select(builder.fcmp(.ord, x, x), whole, builder.zero(target))
  }

  private func convertToFloat(_ x: LLVMValue, _ from: ElementType, _ to: ElementType) -> LLVMValue {
    let target = type(to).withWidth(x.type.vectorWidth)
    let isSigned = from.kind == .signed
    guard to.isNarrow, from.width > 16 else {
      let near = isSigned ? builder.sitofp(x, target) : builder.uitofp(x, target)
      return narrowed(near, to: to)
    }
    var exact = x
    if from.width == 64 {
      // Bits below what an f64 holds are gathered in one, so that rounding twice is rounding once.
      let lost = builder.and(x, builder.int(0x7FF, x.type))
      let isInexact = builder.icmp(.ne, lost, builder.zero(x.type))
      let sticky = builder.select(isInexact, builder.int(0x800, x.type), builder.zero(x.type))
      let gathered = builder.or(builder.and(x, builder.int(~0x7FF, x.type)), sticky)
      let limit = builder.int(1 << 53, x.type)
      let isShort =
        isSigned
        ? builder.icmp(.ult, builder.add(x, limit), builder.int(2 << 53, x.type))
        : builder.icmp(.ult, x, limit)
      exact = builder.select(isShort, x, gathered)
    }
    let double = module.double.withWidth(x.type.vectorWidth)
    let wide = isSigned ? builder.sitofp(exact, double) : builder.uitofp(exact, double)
    return narrowed(roundedToOdd(wide), to: to)
  }

  private func convertInteger(_ x: LLVMValue, _ from: ElementType, _ to: ElementType) -> LLVMValue {
    let target = type(to).withWidth(x.type.vectorWidth)
    if target.scalarBits < x.type.scalarBits { return narrowed(builder.trunc(x, target), to: to) }
    if target == x.type { return narrowed(x, to: to) }
    return from.kind == .signed ? builder.sext(x, target) : builder.zext(x, target)
  }
}
