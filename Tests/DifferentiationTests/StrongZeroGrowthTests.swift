import Differentiation
import Interpreter
import TensorIR
import TestSupport
import Testing

/// Keeping the zeros of choices does not make derivatives grow with the number of ways through shared
/// sums.
@Suite struct StrongZeroGrowthTests {
  /// The running log-sum-exp of a vector by doubling, as exporters write windows.
  private func doubling(stages: Int) throws -> Function {
    let count = 1 << stages
    return try Function(TensorType([count], .f64)) { builder, parameters in
      var sums = parameters[0]
      for stage in 0..<stages {
        let distance = 1 << stage
        let kept = try builder.emit(
          .shape(.slice(starts: [0], limits: [count - distance], strides: [1])), [sums])
        let low = try builder.constant(scalar(-1e30))
        let shifted = try builder.emit(
          .shape(.pad(low: [distance], high: [0], interior: [0])), [kept, low])
        let greater = try builder.binary(.maximum, sums, shifted)
        let difference = try builder.unary(.abs, builder.subtract(sums, shifted))
        let rest = try builder.unary(
          .logPlusOne, builder.unary(.exponential, builder.negate(difference)))
        sums = try builder.add(greater, rest)
      }
      return [try builder.reduce(.add, sums, dimensions: [0])]
    }
  }

  @Test func growsWithTheOperations() throws {
    let (few, many) = (try doubling(stages: 4), try doubling(stages: 8))
    let sizes = try [few, many].map { try $0.withGradient(of: [0]).operations.count }
    #expect(sizes[1] <= 3 * sizes[0], "\(sizes)")
    let arguments = [
      Literal(TensorType([16], .f64), doubles: (0..<16).map { Double($0 * 7 % 16) / 8 })
    ]
    try DerivativeCheck(few, arguments).expectFirstOrder()
  }
}
