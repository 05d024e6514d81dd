import Differentiation
import Fusion
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Bodies of loops and ways of branches that are equal are lowered once, and their steps put elsewhere.
@Suite struct EqualRegionTests {
  /// Scans one after the other with equal bodies, which hold a loop, products, and a constant that is not
  /// one number.
  private func scans(_ count: Int) throws -> Function {
    let (state, stack) = ("tensor<40xf32>", "tensor<9x40xf32>")
    let numbers = (0..<40).map { "\($0).5" }.joined(separator: ", ")
    let scans = (1...count).map { number in
      let operands = number == 1 ? "%h, %s" : "%r\(number - 1)#0, %r\(number - 1)#1"
      return """
        %r\(number):2 = "adjoint.scan"(\(operands))
            <{carry_count = 1 : i64, length = 9 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %a: \(state), %x: \(state)):
            %c = stablehlo.constant dense<[\(numbers)]> : \(state)
            %1 = stablehlo.dot_general %a, %w, contracting_dims = [0] x [0]
              : (\(state), tensor<40x40xf32>) -> \(state)
            %2 = "adjoint.scan"(%1, %c) <{carry_count = 1 : i64, length = 40 : i64, reverse = true}> ({
            ^bb1(%j: tensor<i64>, %g: \(state), %k: tensor<f32>):
              %6 = stablehlo.broadcast_in_dim %k, dims = [] : (tensor<f32>) -> \(state)
              %3 = stablehlo.multiply %g, %6 : \(state)
              %4 = stablehlo.sine %3 : \(state)
              stablehlo.return %4 : \(state)
            }) : (\(state), \(state)) -> \(state)
            %5 = stablehlo.add %2, %x : \(state)
            stablehlo.return %5, %2 : \(state), \(state)
          }) : (\(state), \(stack)) -> (\(state), \(stack))
        """
    }
    let text = """
      func.func @main(%w: tensor<40x40xf32>, %h: \(state), %s: \(stack)) -> (\(state), \(stack)) {
        \(scans.joined(separator: "\n"))
        return %r\(count)#0, %r\(count)#1 : \(state), \(stack)
      }
      """
    let module = try Module(parsing: text, file: "regions.mlir")
    return try withoutPlaces(module.inlined(#require(module.entry)))
  }

  /// What a function becomes; where decisions are told everything is done anew.
  private func lowered(
    _ function: Function, explains: Bool
  ) throws -> (LoopProgram, PlanningStatistics) {
    let found = try LoopProgram.lowered(
      function, for: .x86_64v4, ScheduleOptions(), explains: explains)
    try found.program.verify()
    return (found.program, found.statistics)
  }

  /// Places in the source are part of programs; without them all bodies of `scans` are equal.
  private func withoutPlaces(_ function: Function) -> Function {
    var function = function
    function.location = .unknown
    for position in function.operations.indices {
      function.operations[position].location = .unknown
      function.operations[position].op = function.operations[position].op.mappingRegions {
        withoutPlaces($0)
      }
    }
    return function
  }

  @Test func regionsAreLoweredOnce() throws {
    let (few, many) = try (
      lowered(scans(4), explains: false), lowered(scans(8), explains: false)
    )
    #expect(few.1.auditedDemands > 10)
    #expect(many.1.auditedDemands == few.1.auditedDemands)
    #expect(many.1.scheduledKernels == few.1.scheduledKernels)
    #expect(many.0.kernels.count > few.0.kernels.count)
  }

  @Test func stepsOfEqualRegionsAreThoseOfOne() throws {
    #expect(try lowered(scans(5), explains: false).0 == lowered(scans(5), explains: true).0)
    for program in ControlProgram.all {
      let function = try program.function()
      let floats = function.parameters.indices.filter { number in
        function.parameterTypes[number].element.isFloat
      }
      // The forward scan's body stands in the gradient's twice where it is run again.
      let gradient = try? function.simplified().withGradient(of: floats).simplified()
      for function in [function] + (gradient.map { [$0] } ?? []) {
        #expect(
          try lowered(function, explains: false).0 == lowered(function, explains: true).0,
          "\(program)")
      }
    }
  }
}
