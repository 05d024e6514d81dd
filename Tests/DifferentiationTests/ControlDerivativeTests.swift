import Differentiation
import Interpreter
import Optimizer
import TensorIR
import TestSupport
import Testing

/// Derivatives of loops and branches against differences and against themselves.
@Suite struct ControlDerivativeTests {
  private func arguments(_ function: Function, seed: UInt64, selector: Double) -> [Literal] {
    var random = SplitMix64(seed: seed)
    return function.parameterTypes.map { type in
      type.element.isFloat
        ? Literal(type, doubles: (0..<type.count).map { _ in random.double(in: 0.3...1) })
        : Literal(type, filledWith: selector)
    }
  }

  @Test(arguments: ControlProgram.allCases, [0.0, 1, 2])
  func firstOrder(_ program: ControlProgram, selector: Double) throws {
    let function = try program.function()
    let check = DerivativeCheck(function, arguments(function, seed: 5, selector: selector))
    try check.expectFirstOrder(program.rawValue)
  }

  @Test(arguments: ControlProgram.allCases)
  func secondOrder(_ program: ControlProgram) throws {
    let function = try program.function()
    let check = DerivativeCheck(function, arguments(function, seed: 6, selector: 1))
    try check.expectSecondOrder(program.rawValue)
  }

  @Test("Simplified derivatives are the same", arguments: ControlProgram.allCases)
  func simplified(_ program: ControlProgram) throws {
    let function = try program.function().simplified()
    let check = DerivativeCheck(function, arguments(function, seed: 7, selector: 2))
    let plain = try function.withVJP(of: check.parameters)
    let simple = try plain.simplified()
    for (left, right) in zip(
      try run(plain, check.arguments + check.weights),
      try run(simple, check.arguments + check.weights))
    {
      expectNear(left.doubles, right.doubles, 1e-12, program.rawValue)
    }
  }

  /// Loops that passes make other loops of before they are differentiated.
  @Test(arguments: [
    TestSupport.ControlProgram.leapfrog(12), .leapfrog(11, isReversed: true), .paths(9, 12),
    .paths(6, 7, isReversed: true),
  ])
  func transformedLoops(_ program: TestSupport.ControlProgram) throws {
    let written = try program.function()
    let function = try written.applying(passNamed: "carry-repeats").applying(
      passNamed: "wavefront")
    #expect(function != written)
    let check = DerivativeCheck(function, arguments(function, seed: 8, selector: 1))
    try check.expectFirstOrder(program.name)
    try check.expectSecondOrder(program.name)
    let inputs = check.arguments + check.weights
    for (left, right) in zip(
      try run(written.withVJP(of: check.parameters), inputs),
      try run(function.withVJP(of: check.parameters), inputs))
    {
      expectNear(left.doubles, right.doubles, 1e-12, program.name)
    }
  }

  /// Where little memory is saved, what costly functions give is saved rather than computed again.
  @Test(arguments: [30, 100_000])
  func costlyFunctionsAreSavedWhereMemoryIsNoMatter(_ length: Int) throws {
    let text = """
      func.func @main(%x0: tensor<40xf64>) -> tensor<40xf64> {
        %0 = "adjoint.scan"(%x0) <{carry_count = 1 : i64, length = \(length) : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %x: tensor<40xf64>):
          %1 = stablehlo.sine %x : tensor<40xf64>
          %2 = stablehlo.exponential %1 : tensor<40xf64>
          %half = stablehlo.constant dense<5.000000e-01> : tensor<40xf64>
          %3 = stablehlo.multiply %2, %half : tensor<40xf64>
          stablehlo.return %3 : tensor<40xf64>
        }) : (tensor<40xf64>) -> tensor<40xf64>
        return %0 : tensor<40xf64>
      }
      """
    let function = try #require(try Module(parsing: text, file: "costly.mlir").entry)
    let derivative = try function.withVJP(of: [0]).simplified()
    let scans = derivative.operations.compactMap { operation -> Scan? in
      if case .scan(let scan) = operation.op { scan } else { nil }
    }
    #expect(scans.count == 2)
    let backward = try #require(scans.last)
    let costly = backward.body.operations.count { operation in
      if case .unary(let op) = operation.op { op.isTranscendental } else { false }
    }
    #expect((costly == 0) == (length == 30))
    guard length == 30 else { return }
    let check = DerivativeCheck(function, arguments(function, seed: 9, selector: 0))
    try check.expectFirstOrder("costly")
    try check.expectSecondOrder("costly")
  }

  /// The exponentials of a sum of many are saved, and not made again of what they are computed from.
  @Test func exponentialsOfSumsAreSaved() throws {
    let text = """
      func.func @main(%x0: tensor<20xf64>, %w: tensor<20x20xf64>) -> tensor<20xf64> {
        %0 = "adjoint.scan"(%x0) <{carry_count = 1 : i64, length = 30 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %x: tensor<20xf64>):
          %1 = stablehlo.broadcast_in_dim %x, dims = [0] : (tensor<20xf64>) -> tensor<20x20xf64>
          %2 = stablehlo.add %w, %1 : tensor<20x20xf64>
          %3 = stablehlo.exponential %2 : tensor<20x20xf64>
          %zero = stablehlo.constant dense<0.000000e+00> : tensor<f64>
          %4 = stablehlo.reduce(%3 init: %zero) applies stablehlo.add across dimensions = [0] : (tensor<20x20xf64>, tensor<f64>) -> tensor<20xf64>
          %5 = stablehlo.log %4 : tensor<20xf64>
          stablehlo.return %5 : tensor<20xf64>
        }) : (tensor<20xf64>) -> tensor<20xf64>
        return %0 : tensor<20xf64>
      }
      """
    let function = try Module(parsing: text, file: "sums").functions[0]
    let derivative = try function.withVJP(of: [0, 1]).simplified()
    let counts = derivative.operations.compactMap { operation -> Int? in
      guard case .scan(let scan) = operation.op else { return nil }
      return scan.body.operations.count { $0.op == .unary(.exponential) }
    }
    #expect(counts == [1, 0])
  }

  /// The gradient of a rate that all lanes share is summed up lane by lane.
  @Test func sharedRates() throws {
    let text = """
      func.func @main(%x0: tensor<70xf64>, %rate: tensor<f64>) -> tensor<70xf64> {
        %0 = "adjoint.scan"(%x0) <{carry_count = 1 : i64, length = 30 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %x: tensor<70xf64>):
          %1 = stablehlo.broadcast_in_dim %rate, dims = [] : (tensor<f64>) -> tensor<70xf64>
          %2 = stablehlo.multiply %x, %1 : tensor<70xf64>
          %3 = stablehlo.sine %2 : tensor<70xf64>
          %4 = stablehlo.add %3, %x : tensor<70xf64>
          stablehlo.return %4 : tensor<70xf64>
        }) : (tensor<70xf64>) -> tensor<70xf64>
        return %0 : tensor<70xf64>
      }
      """
    let function = try Module(parsing: text, file: "rates").functions[0]
    let check = DerivativeCheck(function, arguments(function, seed: 9, selector: 1))
    let inputs = check.arguments + check.weights
    let plain = try function.withVJP(of: [0, 1])
    let simple = try plain.simplified()
    for (left, right) in zip(try run(plain, inputs), try run(simple, inputs)) {
      expectNear(left.doubles, right.doubles, 1e-12, "rates")
    }
    func sums(_ function: Function) -> [Int] {
      function.operations.compactMap { operation in
        guard case .scan(let scan) = operation.op else { return nil }
        return scan.body.operations.count { if case .reduce = $0.op { true } else { false } }
      }
    }
    #expect(sums(plain) == [0, 1])
    #expect(sums(simple) == [0, 0])
  }

  /// Branches save one, two and no values of the type: two are saved, and integers beside them.
  @Test(arguments: [0.0, 1, 2])
  func branchesSaveInThePlacesOfOthers(selector: Double) throws {
    let text = """
      func.func @main(%k: tensor<i32>, %x: tensor<4x4xf64>, %w: tensor<4x4xf64>) -> tensor<4x4xf64> {
        %0 = "stablehlo.case"(%k) ({
          %1 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
            : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
          %2 = stablehlo.sine %1 : tensor<4x4xf64>
          stablehlo.return %2 : tensor<4x4xf64>
        }, {
          %3 = stablehlo.dot_general %w, %x, contracting_dims = [1] x [0]
            : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
          %4 = stablehlo.tanh %3 : tensor<4x4xf64>
          %5 = stablehlo.dot_general %4, %w, contracting_dims = [1] x [0]
            : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
          %6 = stablehlo.exponential %5 : tensor<4x4xf64>
          stablehlo.return %6 : tensor<4x4xf64>
        }, {
          %7 = stablehlo.multiply %x, %w : tensor<4x4xf64>
          stablehlo.return %7 : tensor<4x4xf64>
        }) : (tensor<i32>) -> tensor<4x4xf64>
        return %0 : tensor<4x4xf64>
      }
      """
    let module = try Module(parsing: text, file: "branches.mlir")
    let function = try module.inlined(module.functions[0])
    let derived = try function.withVJP(of: [1, 2])
    let branches = derived.operations.filter { if case .branch = $0.op { true } else { false } }
    #expect(branches.map { $0.results.count } == [3, 2])
    let check = DerivativeCheck(function, arguments(function, seed: 5, selector: selector))
    try check.expectFirstOrder("selector \(selector)")
    try check.expectSecondOrder("selector \(selector)")
  }

  @Test("Only the carry that cuts all ways is saved")
  func savedBytes() throws {
    let text = ControlProgram.recurrence.text.replacing("3xf64", with: "32xf64")
      .replacing("<4x", with: "<9000x").replacing("length = 4 ", with: "length = 9000 ")
    let function = try Module(parsing: text, file: "recurrence").functions[0]
    let derived = try function.withVJP(of: [0, 1, 2])
    let scans = derived.operations.filter { if case .scan = $0.op { true } else { false } }
    #expect(scans.count == 2)
    // The carry, the stacked result, and a stack of carries: sines and products are computed again.
    #expect(scans[0].results.map { derived[$0].shape } == [[32], [9000], [9000, 32]])
  }

  /// Elements that are compared with their greatest are not computed again for that: machine code may
  /// round them otherwise, and then none would be equal.
  @Test(arguments: ["sign", "floor"])
  func stepsAreSaved(op: String) throws {
    let text = """
      func.func @main(%x: tensor<20xf32>) -> tensor<20xf32> {
        %0 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: tensor<20xf32>):
          %1 = stablehlo.multiply %a, %a : tensor<20xf32>
          %2 = stablehlo.subtract %1, %a : tensor<20xf32>
          %3 = stablehlo.\(op) %2 : tensor<20xf32>
          %4 = stablehlo.multiply %3, %a : tensor<20xf32>
          stablehlo.return %4 : tensor<20xf32>
        }) : (tensor<20xf32>) -> tensor<20xf32>
        return %0 : tensor<20xf32>
      }
      """
    let derived = try Module(parsing: text, file: "step.mlir").functions[0].withVJP(of: [0])
    let bodies = derived.operations.compactMap { operation in
      if case .scan(let scan) = operation.op { scan.body } else { nil }
    }
    let counts = bodies.map { body in
      body.operations.count { $0.op.mnemonic == "stablehlo.\(op)" }
    }
    #expect(counts == [1, 0])
  }

  @Test func comparisonsOfVaryingNumbersAreSaved() throws {
    let text = """
      func.func @main(%x: tensor<20xf32>) -> tensor<20xf32> {
        %0 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 4 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %a: tensor<20xf32>):
          %cst = stablehlo.constant dense<0xFF800000> : tensor<f32>
          %1 = stablehlo.multiply %a, %a : tensor<20xf32>
          %2 = stablehlo.subtract %1, %a : tensor<20xf32>
          %3 = stablehlo.reduce(%2 init: %cst) applies stablehlo.maximum across dimensions = [0] : (tensor<20xf32>, tensor<f32>) -> tensor<f32>
          %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<20xf32>
          %5 = stablehlo.multiply %4, %a : tensor<20xf32>
          stablehlo.return %5 : tensor<20xf32>
        }) : (tensor<20xf32>) -> tensor<20xf32>
        return %0 : tensor<20xf32>
      }
      """
    let function = try Module(parsing: text, file: "greatest.mlir").functions[0]
    let derived = try function.withVJP(of: [0]).simplified()
    let scans = derived.operations.compactMap { operation in
      if case .scan(let scan) = operation.op { (operation, scan.body) } else { nil }
    }
    #expect(scans.count == 2)
    let saved = scans[0].0.results.map { derived[$0] }
    #expect(saved.contains(TensorType([4, 20], .i1)))
    #expect(!scans[1].1.operations.contains { if case .compare = $0.op { true } else { false } })
  }

  @Test("Of values of one size the ones that save work are saved")
  func savedWork() throws {
    let text = """
      func.func @main(%w: tensor<16x16xf64>, %h0: tensor<4x16xf64>, %x: tensor<6x4x16xf64>) -> tensor<4x16xf64> {
        %0 = "adjoint.scan"(%h0, %x) <{carry_count = 1 : i64, length = 6 : i64, reverse = false}> ({
        ^bb0(%i: tensor<i64>, %h: tensor<4x16xf64>, %xt: tensor<4x16xf64>):
          %1 = stablehlo.dot_general %h, %w, contracting_dims = [1] x [0] : (tensor<4x16xf64>, tensor<16x16xf64>) -> tensor<4x16xf64>
          %2 = stablehlo.add %1, %xt : tensor<4x16xf64>
          %3 = stablehlo.tanh %2 : tensor<4x16xf64>
          %4 = stablehlo.multiply %3, %h : tensor<4x16xf64>
          stablehlo.return %4 : tensor<4x16xf64>
        }) : (tensor<4x16xf64>, tensor<6x4x16xf64>) -> tensor<4x16xf64>
        return %0 : tensor<4x16xf64>
      }
      """
    let function = try Module(parsing: text, file: "gate").functions[0]
    let derived = try function.withVJP(of: [0, 1, 2])
    let tangents = derived.operations.compactMap { operation -> Int? in
      guard case .scan(let scan) = operation.op else { return nil }
      return scan.body.operations.count { $0.op == .unary(.tanh) }
    }
    // The carry and the gate are saved; neither the product nor the gate is computed again.
    #expect(tangents == [1, 0])
    let scan = try #require(derived.operations.first { !$0.op.regions.isEmpty })
    #expect(scan.results.map { derived[$0].shape } == [[4, 16], [6, 4, 16], [6, 4, 16]])
  }
}
