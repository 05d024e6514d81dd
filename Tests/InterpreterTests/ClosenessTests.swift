import TensorIR
import TestSupport
import Testing

/// The comparison helpers themselves, since every other test relies on them.
@Suite struct ClosenessTests {
  private func f32(_ values: [Double]) -> Literal {
    Literal(TensorType([values.count], .f32), doubles: values)
  }

  @Test("Errors in ULP, relative and absolute terms")
  func errors() {
    let next = Double(Float(1).nextUp)
    let error = maximumError(f32([1, 4, .nan]), f32([1, 4, -.nan]))
    #expect(error.absolute == 0 && error.ulps == 0)
    let small = maximumError(f32([next, 2]), f32([1, 2]))
    #expect(small.ulps == 1 && small.absolute == next - 1 && small.position == 0)
    #expect(maximumError(f32([0]), f32([-0.0])).ulps == 0)
    #expect(maximumError(f32([.nan]), f32([1])).ulps == .infinity)
    #expect(maximumError(f32([.infinity]), f32([-.infinity])).ulps == .infinity)
    #expect(maximumError(f32([.infinity]), f32([.infinity])).ulps == 0)
  }

  @Test("Mismatches within tolerances")
  func tolerances() {
    let next = Double(Float(1).nextUp)
    #expect(mismatches(f32([next, 2, 3.5]), f32([1, 2, 3]), within: .exact) == [0, 2])
    #expect(mismatches(f32([next, 2]), f32([1, 2]), within: .ulps(1)) == [])
    #expect(mismatches(f32([next, .nan]), f32([1, 2]), within: .ulps(1)) == [1])
    #expect(mismatches(f32([.nan]), f32([.nan]), within: .exact) == [])
    #expect(mismatches(f32([0]), f32([-0.0]), within: .exact) == [0])
    #expect(mismatches(f32([0]), f32([-0.0]), within: .ulps(1)) == [])
    #expect(mismatches(f32([1e-6]), f32([0]), within: .sum) == [])
    #expect(mismatches(f32([1e-4]), f32([0]), within: .sum) == [0])
    #expect(mismatches(f32([.infinity]), f32([3e38]), within: .ulps(100)) == [0])
    #expect(mismatches(f32([1]), f32([1, 1]), within: .sum) == [0])
  }
}
