import Foundation
import TensorIR

extension BinaryOp {
  /// The function at every pair of elements; floats are computed in double precision and rounded
  /// once.
  func evaluated(_ left: Literal, _ right: Literal) -> Literal {
    elementwise(left.type, [left, right]) { operands, type in
      switch (operands[0].exactElements, operands[1].exactElements) {
      case (.doubles(let left), .doubles(let right)):
        if self == .nextAfter {
          return Literal(type, rounding: mapped(left, right) { type.element.neighbour($0, $1) })
        }
        return Literal(type, rounding: mapped(left, right) { applied($0, $1) })
      case (.integers(let left), .integers(let right)):
        let element = type.element
        return Literal(type, wrapping: zip(left, right).map { applied($0, $1, element) })
      case (.complexes(let left), .complexes(let right)):
        return Literal(type, rounding: zip(left, right).map { applied($0, $1) })
      case (.doubles, _), (.integers, _), (.complexes, _):
        preconditionFailure("operands have one element type")
      }
    }
  }

  /// The function of two floats.
  ///
  /// `maximum` and `minimum` are those of IEEE 754-2019: NaN wins, and −0 is below 0.
  func applied(_ left: Double, _ right: Double) -> Double {
    switch self {
    case .add: return left + right
    case .subtract: return left - right
    case .multiply: return left * right
    case .divide: return left / right
    case .maximum:
      if left.isNaN || right.isNaN { return .nan }
      if left == right { return left.sign == .minus ? right : left }
      return left > right ? left : right
    case .minimum:
      if left.isNaN || right.isNaN { return .nan }
      if left == right { return left.sign == .minus ? left : right }
      return left < right ? left : right
    case .power: return Foundation.pow(left, right)
    case .remainder: return Foundation.fmod(left, right)
    case .atan2: return Foundation.atan2(left, right)
    case .polygamma: return SpecialFunctions.polygamma(left, right)
    case .zeta: return SpecialFunctions.zeta(left, right)
    case .and, .or, .xor, .shiftLeft, .shiftRightArithmetic, .shiftRightLogical, .nextAfter:
      preconditionFailure("\(rawValue) takes no floats")
    }
  }

  /// The function of two integers or booleans of an element type; results are yet to be wrapped.
  ///
  /// Division truncates. Where StableHLO leaves the result open: dividing by zero gives −1, of unsigned
  /// integers the greatest, and the least integer divided by −1 is itself.
  func applied(_ left: Int64, _ right: Int64, _ element: ElementType) -> Int64 {
    if element == .i1 { return appliedToBooleans(left, right) }
    switch self {
    case .add: return left &+ right
    case .subtract: return left &- right
    case .multiply: return left &* right
    case .divide:
      if right == 0 { return -1 }
      if element == .u64 {
        return Int64(bitPattern: UInt64(bitPattern: left) / UInt64(bitPattern: right))
      }
      return right == -1 ? 0 &- left : left / right
    case .maximum: return element.ordinal(left) < element.ordinal(right) ? right : left
    case .minimum: return element.ordinal(left) < element.ordinal(right) ? left : right
    case .power:
      if element.isUnsigned { return left.wrappingPower(UInt64(bitPattern: right)) }
      return left.wrappingPower(right)
    case .remainder: return element.remainder(left, right)
    case .and: return left & right
    case .or: return left | right
    case .xor: return left ^ right
    case .shiftLeft, .shiftRightArithmetic, .shiftRightLogical:
      return element.shifted(left, by: right, self)
    case .atan2, .nextAfter, .polygamma, .zeta:
      preconditionFailure("\(rawValue) takes floats only")
    }
  }

  /// The function of two booleans: sums and maxima are "or", products and minima are "and".
  private func appliedToBooleans(_ left: Int64, _ right: Int64) -> Int64 {
    switch self {
    case .add, .maximum, .or: return left | right
    case .multiply, .minimum, .and: return left & right
    case .xor: return left ^ right
    case .subtract, .divide, .power, .remainder, .atan2, .shiftLeft, .shiftRightArithmetic,
      .shiftRightLogical, .nextAfter, .polygamma, .zeta:
      preconditionFailure("\(rawValue) takes no booleans")
    }
  }
}

extension Int64 {
  /// This number to an integer power, wrapped; a negative power of 1 or −1 is 1 or −1, of any other
  /// number 0.
  fileprivate func wrappingPower(_ exponent: Int64) -> Int64 {
    if exponent < 0 {
      if self == 1 { return 1 }
      return self == -1 ? (exponent % 2 == 0 ? 1 : -1) : 0
    }
    return wrappingPower(UInt64(exponent))
  }

  /// This number to a power, wrapped.
  fileprivate func wrappingPower(_ exponent: UInt64) -> Int64 {
    var (result, base, remaining) = (Int64(1), self, exponent)
    while remaining > 0 {
      if remaining % 2 == 1 { result = result &* base }
      base = base &* base
      remaining /= 2
    }
    return result
  }
}
