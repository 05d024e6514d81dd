import TensorIR

/// Computes counters in the width they are used in, and drops bits that they never have.
///
///     Before:  %1 = stablehlo.shift_right_logical %iota, %c32 : tensor<8xui64>
///              %2 = stablehlo.convert %sum : (tensor<8xui64>) -> tensor<8xui32>
///     After:   zeros, and the sum of its terms converted to ui32
///
/// Counters are sums and products of iotas and constants, such as the places that random words are
/// made of: two halves of 64 bits of which the upper one is zero.
@Sendable func simplifyCounting(
  _ op: Op, _ operands: [ValueID], _ rewriter: inout Rewriter
) throws -> ValueID? {
  switch op {
  case .binary(.shiftRightLogical), .binary(.shiftRightArithmetic):
    let type = rewriter[operands[0]]
    guard let bits = rewriter.integer(operands[1]), bits >= 0, bits < type.element.width,
      let greatest = rewriter.greatestCount(operands[0]), greatest >> bits == 0
    else { return nil }
    return try rewriter.emitSplat(0, type)
  case .convert(let target):
    let element = rewriter[operands[0]].element
    guard element.isInteger, target.isInteger, target.width < element.width,
      let greatest = rewriter.greatestCount(operands[0]),
      target.isUnsigned || greatest <= target.greatestInteger ?? 0,
      let definition = rewriter.definition(of: operands[0]),
      case .binary(let function) = definition.op, function == .add || function == .multiply
    else { return nil }
    // The low bits of sums and products come of the low bits of their terms alone.
    let terms = try definition.operands.map { try rewriter.emit(op, [$0]) }
    return try rewriter.emitBinary(function, terms[0], terms[1])
  default: return nil
  }
}

extension Rewriter {
  /// An upper bound of integers that are counters and never negative; nil of others, and where a sum or
  /// product could wrap.
  ///
  /// Looks a few operations back only.
  fileprivate func greatestCount(_ value: ValueID, depth: Int = 6) -> Int64? {
    let element = self[value].element
    guard depth > 0, element.isInteger else { return nil }
    if let number = integer(value) { return number >= 0 ? number : nil }
    guard let definition = definition(of: value) else { return nil }
    func bound(_ position: Int) -> Int64? {
      greatestCount(definition.operands[position], depth: depth - 1)
    }
    var greatest: Int64?
    switch definition.op {
    case .iota(let type, let dimension): greatest = Int64(type.shape[dimension]) - 1
    case .shape(.broadcast), .shape(.reshape), .shape(.transpose), .shape(.slice), .convert:
      greatest = bound(0)
    case .binary(.add):
      if let left = bound(0), let right = bound(1) {
        let (sum, wraps) = left.addingReportingOverflow(right)
        greatest = wraps ? nil : sum
      }
    case .binary(.multiply):
      if let left = bound(0), let right = bound(1) {
        let (product, wraps) = left.multipliedReportingOverflow(by: right)
        greatest = wraps ? nil : product
      }
    default: return nil
    }
    guard let greatest, let limit = element.greatestInteger, greatest <= limit else { return nil }
    return max(greatest, 0)
  }
}
