import Differentiation
import Foundation
import Optimizer
import Runtime
import TensorIR
import TestSupport
import Testing

/// Gradients of loops of unknown length have the same bits however many snapshots their tables hold.
@Suite struct SnapshotBitsTests {
  /// Which random loops are compared: `ADJOINT_FUZZ=n` takes the first n. Of the others one has a table of a few
  /// numbers, one kernels that joined others by the bytes of a long table.
  private static let seeds: [UInt64] =
    ProcessInfo.processInfo.environment["ADJOINT_FUZZ"].flatMap(UInt64.init).map { Array(0..<$0) }
    ?? [3, 15, 19]

  /// The gradient for the float arguments, with snapshots for so many bytes.
  private func gradient(_ function: Function, _ byteCount: Int?) throws -> Function {
    let floats = function.parameterTypes.indices.filter {
      function.parameterTypes[$0].element.isFloat
    }
    return try SnapshotBudget.$byteCount.withValue(byteCount) {
      try function.simplified().withGradient(of: floats).simplified(
        SimplificationOptions(dropsStopGradients: true))
    }
  }

  private func executable(_ function: Function, budget: Int? = nil) throws -> Executable {
    var options = CodeOptions()
    options.memory.budget = budget
    return try Executable(function, options: options)
  }

  @Test(arguments: Self.seeds) func randomLoopsKeepTheirBits(_ seed: UInt64) throws {
    let function = try randomWhile(seed: seed)
    try function.verify()
    var random = SplitMix64(seed: seed)
    let floats = function.parameterTypes.dropLast().map {
      ArgumentValues.uniform(-0.5...0.5).literal($0, using: &random)
    }
    let arguments = [3, 40, 150].map { steps in
      floats + [Literal(TensorType([], .i64), integers: [steps])]
    }
    let whole = try executable(gradient(function, nil))
    let expected = try arguments.map { try call(whole, $0) }
    // Half, a quarter, and the fewest snapshots.
    for part in [2, 4, 1 << 30] {
      let fewer = try executable(gradient(function, whole.report.arenaByteCount / part))
      #expect(fewer.report.arenaByteCount <= whole.report.arenaByteCount, "seed \(seed), 1/\(part)")
      #expect(try arguments.map { try call(fewer, $0) } == expected, "seed \(seed), 1/\(part)")
    }
  }

  /// Solvers that end when they are done, whose steps are one kernel or several.
  enum Solver: CaseIterable {
    case equation, descent, adaptiveSteps, adaptiveStepsInScan

    /// The carries' types, the condition and the body of the loop, of a state %y of two numbers.
    fileprivate func loop(_ type: String) -> String {
      let (pair, number) = ("tensor<2x\(type)>", "tensor<\(type)>")
      /// p·a − q·a·b and q·a·b − p·b, of two numbers in a state.
      func rates(_ state: String, _ name: String) -> String {
        """
        %\(name)a0 = stablehlo.slice \(state) [0:1] : (\(pair)) -> tensor<1x\(type)>
        %\(name)b0 = stablehlo.slice \(state) [1:2] : (\(pair)) -> tensor<1x\(type)>
        %\(name)a = stablehlo.reshape %\(name)a0 : (tensor<1x\(type)>) -> \(number)
        %\(name)b = stablehlo.reshape %\(name)b0 : (tensor<1x\(type)>) -> \(number)
        %\(name)c = stablehlo.multiply %q, %\(name)a : \(number)
        %\(name)d = stablehlo.multiply %\(name)c, %\(name)b : \(number)
        %\(name)e = stablehlo.multiply %p, %\(name)a : \(number)
        %\(name)f = stablehlo.multiply %p, %\(name)b : \(number)
        %\(name)g = stablehlo.subtract %\(name)e, %\(name)d : \(number)
        %\(name)h = stablehlo.subtract %\(name)d, %\(name)f : \(number)
        %\(name)i = stablehlo.reshape %\(name)g : (\(number)) -> tensor<1x\(type)>
        %\(name)j = stablehlo.reshape %\(name)h : (\(number)) -> tensor<1x\(type)>
        %\(name) = stablehlo.concatenate %\(name)i, %\(name)j, dim = 0
          : (tensor<1x\(type)>, tensor<1x\(type)>) -> \(pair)

        """
      }
      func spread(_ name: String, _ scalar: String) -> String {
        "%\(name) = stablehlo.broadcast_in_dim \(scalar), dims = [] : (\(number)) -> \(pair)\n"
      }
      let sum =
        "applies stablehlo.add across dimensions = [0] : (\(pair), \(number)) -> \(number)\n"
      switch self {
      case .equation, .descent:
        // x ← x − r·(x³ − q·x − p) of each, with Newton's slope or a fixed one.
        let step =
          self == .equation
          ? "%u = stablehlo.divide %r, %slope : \(pair)\n"
          : "%u = stablehlo.multiply %r, %rate : \(pair)\n"
        return """
          %w:2 = stablehlo.while(%t = %one, %y = %x) : \(number), \(pair)
          cond {
            %go = stablehlo.compare GT, %t, %tolerance : (\(number), \(number)) -> tensor<i1>
            stablehlo.return %go : tensor<i1>
          } do {
            %ps = stablehlo.broadcast_in_dim %p, dims = [] : (\(number)) -> \(pair)
            %qs = stablehlo.broadcast_in_dim %q, dims = [] : (\(number)) -> \(pair)
            %rate = stablehlo.constant dense<0.05> : \(pair)
            %three = stablehlo.constant dense<3.0> : \(pair)
            %s = stablehlo.multiply %y, %y : \(pair)
            %c = stablehlo.multiply %s, %y : \(pair)
            %d = stablehlo.multiply %qs, %y : \(pair)
            %e = stablehlo.subtract %c, %d : \(pair)
            %r = stablehlo.subtract %e, %ps : \(pair)
            %f = stablehlo.multiply %three, %s : \(pair)
            %slope = stablehlo.subtract %f, %qs : \(pair)
            \(step)
            %n = stablehlo.subtract %y, %u : \(pair)
            %v = stablehlo.multiply %u, %u : \(pair)
            %error = stablehlo.reduce(%v init: %zero) \(sum)
            stablehlo.return %error, %n : \(number), \(pair)
          }
          """
      case .adaptiveSteps, .adaptiveStepsInScan:
        return """
          %w:3 = stablehlo.while(%t = %one, %y = %x, %h = %tenth)
            : \(number), \(pair), \(number)
          cond {
            %go = stablehlo.compare GT, %t, %zero : (\(number), \(number)) -> tensor<i1>
            stablehlo.return %go : tensor<i1>
          } do {
            %half = stablehlo.constant dense<0.5> : \(pair)
            %least = stablehlo.constant dense<0.3> : \(number)
            %most = stablehlo.constant dense<2.0> : \(number)
            %m = stablehlo.minimum %h, %t : \(number)
            \(spread("hs", "%m"))
            \(rates("%y", "k"))
            %d1 = stablehlo.multiply %hs, %k : \(pair)
            %y1 = stablehlo.add %y, %d1 : \(pair)
            \(rates("%y1", "l"))
            %sum = stablehlo.add %k, %l : \(pair)
            %mean = stablehlo.multiply %half, %sum : \(pair)
            %d2 = stablehlo.multiply %hs, %mean : \(pair)
            %y2 = stablehlo.add %y, %d2 : \(pair)
            %off = stablehlo.subtract %l, %k : \(pair)
            %d3 = stablehlo.multiply %hs, %off : \(pair)
            %square = stablehlo.multiply %d3, %d3 : \(pair)
            %error = stablehlo.reduce(%square init: %zero) \(sum)
            %ok = stablehlo.compare LT, %error, %tolerance : (\(number), \(number)) -> tensor<i1>
            %rest = stablehlo.subtract %t, %m : \(number)
            %nt = stablehlo.select %ok, %rest, %t : tensor<i1>, \(number)
            %ny = stablehlo.select %ok, %y2, %y : tensor<i1>, \(pair)
            %sure = stablehlo.add %error, %tiny : \(number)
            %ratio = stablehlo.divide %tolerance, %sure : \(number)
            %root = stablehlo.sqrt %ratio : \(number)
            %factor = stablehlo.clamp %least, %root, %most : \(number)
            %nh = stablehlo.multiply %m, %factor : \(number)
            stablehlo.return %nt, %ny, %nh : \(number), \(pair), \(number)
          }
          """
      }
    }

    /// A function of a state and two numbers: what the solver ends with, squared and summed up.
    fileprivate func function(_ type: String) throws -> Function {
      let (pair, number) = ("tensor<2x\(type)>", "tensor<\(type)>")
      let constants = """
        %zero = stablehlo.constant dense<0.0> : \(number)
        %one = stablehlo.constant dense<1.0> : \(number)
        %tenth = stablehlo.constant dense<0.1> : \(number)
        %tiny = stablehlo.constant dense<1.0e-9> : \(number)
        %tolerance = stablehlo.constant dense<1.0e-6> : \(number)
        """
      let solved = "\(constants)\n\(loop(type))"
      let isNested = self == .adaptiveStepsInScan
      let start = isNested ? "%start" : "%x"
      let end =
        isNested
        ? """
        %end = "adjoint.scan"(%start) <{carry_count = 1 : i64, length = 3 : i64,
            reverse = false}> ({
        ^bb0(%i: tensor<i64>, %x: \(pair)):
          \(solved)
          stablehlo.return %w#1 : \(pair)
        }) : (\(pair)) -> \(pair)
        """ : "\(solved)\n%end = stablehlo.multiply %w#1, %w#1 : \(pair)"
      let text = """
        func.func @main(\(start): \(pair), %p: \(number), %q: \(number)) -> \(number) {
          \(end)
          %init = stablehlo.constant dense<0.0> : \(number)
          %loss = stablehlo.reduce(%end init: %init) applies stablehlo.add across dimensions = [0]
            : (\(pair), \(number)) -> \(number)
          return %loss : \(number)
        }
        """
      let module = try Module(parsing: text, file: "\(self).mlir")
      return try module.inlined(#require(module.entry))
    }
  }

  /// What a call compiles to within a budget: with snapshots for it, else with the fewest; nil where an
  /// error names more bytes, which are given back.
  private func planned(
    _ function: Function, _ budget: Int
  ) throws -> (Executable?, least: Int) {
    for snapshots in [budget, 0] {
      do {
        return (try executable(gradient(function, snapshots), budget: budget), budget)
      } catch let error as AdjointError where error.kind == .memory {
        guard snapshots == 0 else { continue }
        let words = error.message.split(separator: " ")
        let place = try #require(words.firstIndex(of: "least"))
        return (nil, try #require(Int(words[place + 1])))
      }
    }
    return (nil, budget)
  }

  @Test(arguments: Solver.allCases, isExhaustive ? [ElementType.f32, .f64] : [.f32])
  func solversKeepTheirBits(_ solver: Solver, _ element: ElementType) throws {
    let function = try solver.function("\(element)")
    let arguments = [
      Literal(TensorType([2], element), doubles: [1.75, 0.9]),
      Literal(TensorType([], element), doubles: [0.9]),
      Literal(TensorType([], element), doubles: [0.6]),
    ]
    let whole = try executable(gradient(function, nil))
    let expected = try call(whole, arguments)
    for part in isExhaustive ? [75, 50, 33, 25, 1] : [50, 1] {
      let bytes = whole.report.arenaByteCount * part / 100
      var (found, budget) = try planned(function, bytes)
      if found == nil { (found, budget) = try planned(function, budget) }
      let fitting = try #require(found, "\(budget) bytes are named and are not enough")
      #expect(fitting.report.arenaByteCount <= budget, "\(part) %")
      #expect(try call(fitting, arguments) == expected, "\(part) %, \(budget) bytes")
      if budget > bytes { break }
    }
  }
}
