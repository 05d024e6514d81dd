internal import LLVMBridge
internal import LoopIR
internal import TensorIR

/// Functions of integers by their bits, and of floats by theirs.
extension KernelEmitter {
  /// The bits set, or those before the first that is set; of four bits, in a register of eight.
  func countBits(_ op: UnaryOp, _ x: LLVMValue, _ element: ElementType) -> LLVMValue {
    let own = unsigned(x, element)
    if op == .populationCount { return builder.ctpop(own) }
    let zeros = builder.ctlz(own)
    let excess = x.type.scalarBits - element.width
    return excess == 0 ? zeros : builder.sub(zeros, builder.int(excess, x.type))
  }

  /// The element's own bits, the others zero.
  private func unsigned(_ x: LLVMValue, _ element: ElementType) -> LLVMValue {
    element.width == x.type.scalarBits
      ? x : builder.and(x, builder.int(1 << element.width - 1, x.type))
  }

  /// A remainder that never traps: by zero it is the dividend, by −1 zero.
  func remainder(_ x: LLVMValue, _ y: LLVMValue, _ element: ElementType) -> LLVMValue {
    let isZero = builder.icmp(.eq, y, builder.zero(y.type))
    let one = builder.int(1, y.type)
    if element.isUnsigned {
      return builder.select(isZero, x, builder.urem(x, builder.select(isZero, one, y)))
    }
    let isMinusOne = builder.icmp(.eq, y, builder.int(-1, y.type))
    let safe = builder.select(builder.or(isZero, isMinusOne), one, y)
    return builder.select(isZero, x, builder.srem(x, safe))
  }

  /// A shift in which all bits are shifted out by as many as there are, or more.
  func shift(
    _ op: BinaryOp, _ x: LLVMValue, _ count: LLVMValue, _ element: ElementType
  ) -> LLVMValue {
    let bits = unsigned(count, element)
    let isInside = builder.icmp(.ult, bits, builder.int(element.width, x.type))
    if op == .shiftRightArithmetic {
      let most = builder.select(isInside, bits, builder.int(element.width - 1, x.type))
      return builder.ashr(signed(x, element), most)
    }
    let safe = builder.select(isInside, bits, builder.zero(x.type))
    let shifted =
      op == .shiftLeft ? builder.shl(x, safe) : builder.lshr(unsigned(x, element), safe)
    return builder.select(isInside, shifted, builder.zero(x.type))
  }

  /// An unsigned element of fewer bits than its register with its first bit taken for a sign.
  private func signed(_ x: LLVMValue, _ element: ElementType) -> LLVMValue {
    let excess = x.type.scalarBits - element.width
    if excess == 0 { return x }
    return builder.ashr(builder.shl(x, builder.int(excess, x.type)), builder.int(excess, x.type))
  }

  /// A function of an element's bits.
  func apply(_ op: BitsOp, _ x: LLVMValue, _ element: ElementType) -> LLVMValue {
    switch op {
    case .cast(let target):
      let memory = memoryType(target).withWidth(x.type.vectorWidth)
      return fromMemory(builder.bitcast(toMemory(x, element), memory), target)
    case .reducePrecision(let exponentBits, let fractionBits):
      return reduced(x, element, exponentBits: exponentBits, fractionBits: fractionBits)
    }
  }

  /// A float rounded to fewer bits of fraction, ties to even; beyond the range of fewer bits of exponent
  /// it is infinite, below it zero.
  private func reduced(
    _ x: LLVMValue, _ element: ElementType, exponentBits: Int, fractionBits: Int
  ) -> LLVMValue {
    guard let format = element.registerType.floatFormat, let own = element.floatFormat else {
      return x
    }
    let integer = x.type.asInteger
    let constant = { [builder] (value: Int) in builder.int(value, integer) }
    let magnitude = builder.bitcast(builder.fabs(x), integer)
    let infinity = (1 << format.exponentBits - 1) << format.fractionBits
    var bits = magnitude
    let cut = format.fractionBits - fractionBits
    if fractionBits < own.fractionBits {
      let isOdd = builder.and(builder.lshr(bits, constant(cut)), constant(1))
      bits = builder.add(bits, builder.add(isOdd, constant(1 << (cut - 1) - 1)))
      bits = builder.and(bits, constant(-1 << cut))
    }
    if exponentBits < own.exponentBits {
      let short = FloatFormat(exponentBits: exponentBits, fractionBits: fractionBits)
      let beyond = (format.greatestExponent + short.greatestExponent + 1) << format.fractionBits
      let least = (format.greatestExponent + short.leastExponent) << format.fractionBits
      let isBeyond = builder.icmp(.uge, bits, constant(beyond))
      bits = builder.select(isBeyond, constant(infinity), bits)
      bits = builder.select(builder.icmp(.ult, bits, constant(least)), constant(0), bits)
    }
    let isFinite = builder.icmp(.ult, magnitude, constant(infinity))
    let kept = builder.select(isFinite, bits, magnitude)
    return builder.copysign(builder.bitcast(kept, x.type), x)
  }

  /// The float next to `x` on the way to `y`.
  func neighbour(_ x: LLVMValue, _ y: LLVMValue, _ element: ElementType) -> LLVMValue {
    let memory = toMemory(x, element)
    let bits = memory.type.isInteger ? memory : builder.bitcast(memory, memory.type.asInteger)
    let one = builder.int(1, bits.type)
    let isRising = builder.fcmp(.olt, x, y)
    let grows = builder.icmp(.eq, isRising, builder.fcmp(.ogt, x, builder.zero(x.type)))
    let moved = builder.select(grows, builder.add(bits, one), builder.sub(bits, one))
    let target = builder.copysign(
      fromMemory(builder.bitcast(one, memory.type), element), y)
    let isZero = builder.fcmp(.oeq, x, builder.zero(x.type))
    let next = builder.select(
      isZero, target, fromMemory(builder.bitcast(moved, memory.type), element))
    let different = builder.select(builder.fcmp(.oeq, x, y), y, next)
    return builder.select(builder.fcmp(.uno, x, y), builder.float(.nan, x.type), different)
  }
}
