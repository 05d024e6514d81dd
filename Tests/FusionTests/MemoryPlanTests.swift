import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// The processor that memory is planned for in these tests; the plan hardly depends on it.
private let target = TargetDescription.x86_64v4

/// Where buffers stand: the arena's size, memory that is taken over, and donated arguments.
@Suite struct MemoryPlanTests {
  private func function(_ name: String, gradient parameters: [Int]) throws -> Function {
    let module = try Module(parsing: programText(name), file: name)
    let entry = try #require(module.entry)
    return try module.inlined(entry).simplified().withGradient(of: parameters).simplified()
  }

  private func function(parsing text: String) throws -> Function {
    let module = try Module(parsing: text, file: "test.mlir")
    return try module.inlined(try #require(module.entry)).simplified()
  }

  /// Whether the arena is at most a twentieth larger than what is in use at one kernel.
  private func isTight(_ program: LoopProgram) -> Bool {
    program.arenaByteCount * 20 <= program.largestArenaUse * 21
  }

  @Test(arguments: [
    ("mlp", [0, 1, 2, 3, 4, 5]), ("mlp_small", [0, 1, 2, 3]), ("layernorm", [0, 1, 2]),
    ("gmm", [0, 1, 2]), ("blackscholes", [0, 1, 2, 3]), ("nbody", [0]),
  ])
  func arenasOfProgramsAreTight(_ name: String, _ parameters: [Int]) throws {
    let program = try LoopProgram(
      lowering: function(name, gradient: parameters), for: target)
    #expect(isTight(program), "\(program.arenaByteCount) of \(program.largestArenaUse)")
  }

  /// Rows of an argument that a loop takes are read where they stand.
  @Test func rowsOfArgumentsAreNotCopied() throws {
    let function = try function(
      parsing: """
        func.func public @main(%x: tensor<9x64x64xf32>, %h: tensor<64x64xf32>) -> tensor<64x64xf32> {
          %0 = stablehlo.slice %x [1:9, 0:64, 0:64] : (tensor<9x64x64xf32>) -> tensor<8x64x64xf32>
          %1 = "adjoint.scan"(%h, %0) <{carry_count = 1 : i64, length = 8 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %a: tensor<64x64xf32>, %r: tensor<64x64xf32>):
            %2 = stablehlo.dot_general %a, %r, contracting_dims = [1] x [0] : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
            %3 = stablehlo.tanh %2 : tensor<64x64xf32>
            stablehlo.return %3 : tensor<64x64xf32>
          }) : (tensor<64x64xf32>, tensor<8x64x64xf32>) -> tensor<64x64xf32>
          return %1 : tensor<64x64xf32>
        }
        """)
    let program = try LoopProgram(lowering: function, for: target)
    #expect(program.arenaByteCount <= 2 * 64 * 64 * 4)
  }

  /// A name keeps the value it is given to also where that is not the first result of its operation.
  @Test func namesHoldForLaterResults() throws {
    let function = try function(
      parsing: """
        func.func public @main(%x: tensor<8xf32>) -> tensor<8xf32> {
          %0:2 = "adjoint.scan"(%x) <{carry_count = 1 : i64, length = 3 : i64, reverse = false}> ({
          ^bb0(%i: tensor<i64>, %h: tensor<8xf32>):
            %1 = stablehlo.sine %h : tensor<8xf32>
            stablehlo.return %1, %1 : tensor<8xf32>, tensor<8xf32>
          }) : (tensor<8xf32>) -> (tensor<8xf32>, tensor<3x8xf32>)
          %2 = stablehlo.optimization_barrier %0#1 {adjoint.saved = "stack"} : tensor<3x8xf32>
          %3 = stablehlo.slice %2 [1:2, 0:8] : (tensor<3x8xf32>) -> tensor<1x8xf32>
          %4 = stablehlo.reshape %3 : (tensor<1x8xf32>) -> tensor<8xf32>
          %5 = stablehlo.multiply %4, %0#0 : tensor<8xf32>
          return %5 : tensor<8xf32>
        }
        """)
    let program = try LoopProgram(lowering: function, for: target)
    let named = program.buffers.filter { $0.origin?.savedName == "stack" }
    #expect(named.contains { $0.type == TensorType([3, 8], .f32) })
  }

  @Test(arguments: 0..<60)
  func arenasOfRandomGradientsAreTight(_ number: Int) throws {
    let value = try randomFunction(seed: UInt64(3000 + number), differentiable: true)
    let function = try value.withGradient(of: Array(value.parameters.indices)).simplified()
    let program = try LoopProgram(lowering: function, for: target)
    #expect(isTight(program), "\(program.arenaByteCount) of \(program.largestArenaUse)")
  }

  /// Donation changes where results stand, never what they are.
  @Test(arguments: 0..<40)
  func donationKeepsMeaning(_ number: Int) throws {
    let seed = UInt64(4000 + number)
    let value = try randomFunction(seed: seed, differentiable: number.isMultiple(of: 2))
    let function =
      number.isMultiple(of: 2)
      ? try value.withGradient(of: Array(value.parameters.indices)).simplified()
      : try value.simplified()
    let donated = Set(function.parameters.indices.filter { $0 % 3 != number % 3 })
    let program = try LoopProgram(lowering: function, for: target, donated: donated)
    try program.verify()
    #expect(donated.isSuperset(of: program.donations.values))
    let arguments = randomArguments(for: function, seed: seed)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-9, "seed \(seed)")
    }
  }

  /// The kernel that updates `w` waits for the one that still reads it.
  @Test func updatesWaitForReaders() throws {
    let function = try function(
      parsing: """
        func.func @main(%w: tensor<64x64xf32> {tf.aliasing_output = 0 : i32},
            %x: tensor<64x64xf32>) -> (tensor<64x64xf32>, tensor<64x64xf32>) {
          %0 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [0]
            : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
          %1 = stablehlo.subtract %w, %0 : tensor<64x64xf32>
          %2 = stablehlo.dot_general %x, %w, contracting_dims = [1] x [0]
            : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
          return %1, %2 : tensor<64x64xf32>, tensor<64x64xf32>
        }
        """)
    #expect(function.donatedParameters == [0])
    let program = try LoopProgram(lowering: function, for: target, donated: [0])
    try program.verify()
    #expect(program.donations == [0: 0])
    #expect(program.kernels.count == 2)
  }

  /// Where every order of kernels needs the old values after the new ones are there, nothing is
  /// taken over.
  @Test func whatIsReadElsewhereIsKept() throws {
    let function = try function(
      parsing: """
        func.func @main(%w: tensor<64xf32>) -> tensor<64xf32> {
          %0 = stablehlo.reverse %w, dims = [0] : tensor<64xf32>
          %1 = stablehlo.add %w, %0 : tensor<64xf32>
          return %1 : tensor<64xf32>
        }
        """)
    let program = try LoopProgram(lowering: function, for: target, donated: [0])
    try program.verify()
    #expect(program.donations.isEmpty)
  }

  /// A donated argument that is returned as it is costs nothing, and one that is not is copied.
  @Test(arguments: [([0], 0), ([], 1)])
  func returnedArguments(_ donated: [Int], _ kernels: Int) throws {
    let function = try function(
      parsing: """
        func.func @main(%w: tensor<64xf32>) -> tensor<64xf32> {
          return %w : tensor<64xf32>
        }
        """)
    let program = try LoopProgram(lowering: function, for: target, donated: Set(donated))
    try program.verify()
    #expect(program.kernels.count == kernels)
    let argument = Literal(TensorType([64], .f32), doubles: (0..<64).map(Double.init))
    #expect(try LoopInterpreter.run(program, arguments: [argument]) == [argument])
  }

  /// Rows added to a donated argument are added in its memory: no kernel copies it.
  @Test func rowsAreAddedInPlace() throws {
    let function = try function(
      parsing: """
        func.func @main(%w: tensor<8x4xf32>, %rows: tensor<2x1xi32>, %x: tensor<2x4xf32>)
            -> tensor<8x4xf32> {
          %0 = "stablehlo.scatter"(%w, %rows, %x) <{scatter_dimension_numbers =
              #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0],
              scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}> ({
          ^bb0(%a: tensor<f32>, %b: tensor<f32>):
            %1 = stablehlo.add %a, %b : tensor<f32>
            stablehlo.return %1 : tensor<f32>
          }) : (tensor<8x4xf32>, tensor<2x1xi32>, tensor<2x4xf32>) -> tensor<8x4xf32>
          return %0 : tensor<8x4xf32>
        }
        """)
    let program = try LoopProgram(lowering: function, for: target, donated: [0])
    try program.verify()
    #expect(program.kernels.count == 1)
    #expect(program.donations == [0: 0])
    var arguments = randomArguments(for: function, seed: 1)
    arguments[1] = Literal(TensorType([2, 1], .i32), integers: [5, 5])
    expectClose(
      try LoopInterpreter.run(program, arguments: arguments)[0],
      try Interpreter().run(function, arguments)[0], relative: 1e-6)
  }

  /// A chain of elementwise kernels around a reduction needs one buffer, the result's.
  @Test func chainsStandInTheResult() throws {
    let function = try function(
      parsing: """
        func.func @main(%x: tensor<512x512xf32>) -> tensor<512x512xf32> {
          %0 = stablehlo.dot_general %x, %x, contracting_dims = [0] x [0]
            : (tensor<512x512xf32>, tensor<512x512xf32>) -> tensor<512x512xf32>
          %zero = stablehlo.constant dense<0.0> : tensor<f32>
          %1 = stablehlo.reduce(%0 init: %zero) applies stablehlo.add across dimensions = [0, 1]
            : (tensor<512x512xf32>, tensor<f32>) -> tensor<f32>
          %2 = stablehlo.broadcast_in_dim %1, dims = [] : (tensor<f32>) -> tensor<512x512xf32>
          %3 = stablehlo.divide %0, %2 : tensor<512x512xf32>
          return %3 : tensor<512x512xf32>
        }
        """)
    let program = try LoopProgram(lowering: function, for: target)
    try program.verify()
    #expect(program.arenaByteCount < 512 * 512 * 4)
  }

  // MARK: Rows that trail rows

  /// A stack that a loop fills stands one row behind the one that it reads, and a stack that another
  /// loop fills from the last row on stands in front of that again.
  private func thereAndBack() throws -> (function: Function, program: LoopProgram) {
    let cases = goldenCases(in: "FusionTests", subfolder: "trailing-stacks")
    let golden = try #require(cases.first { $0.name.hasSuffix("there_and_back") })
    let function = try function(parsing: golden.program)
    return (function, try LoopProgram(lowering: function, for: target))
  }

  @Test func stacksTrailOthersRowByRow() throws {
    let (function, program) = try thereAndBack()
    try program.verify()
    // One of three stacks and a row, the carries, and a copy of the one in between.
    #expect(program.arenaByteCount == 41 * 256 + 3 * 256)
    try expectMeaning(of: program, function)
  }

  /// A stack a row nearer to one that a loop reads overwrites what later iterations need.
  @Test(arguments: [("v4", -256), ("v6", 64), ("v6", 256), ("v8", -64), ("v8", -256)])
  func stacksTrailInTime(_ name: String, _ distance: Int) throws {
    var (_, program) = try thereAndBack()
    let place = try #require(program.buffers.firstIndex { $0.name == name })
    guard case .arena(let offset) = program.buffers[place].storage, offset + distance >= 0 else {
      Issue.record("\(name) is not in the arena")
      return
    }
    program.buffers[place].storage = .arena(offset: offset + distance)
    program.arenaByteCount += 256
    #expect(throws: AdjointError.self) { try program.verify() }
  }

  private func expectMeaning(of program: LoopProgram, _ function: Function) throws {
    let arguments = randomArguments(for: function, seed: 11)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    for (result, expected) in zip(results, try Interpreter().run(function, arguments)) {
      expectClose(result, expected, relative: 1e-4)
    }
  }

  /// The gates of an LSTM are four stacks in one, which stands where the gates' sums stood.
  @Test func gatesStandWhereTheirSumsStood() throws {
    let text = """
      func.func @main(%u: tensor<32x128xf32>, %w: tensor<16x128xf32>, %x: tensor<20x4x16xf32>)
          -> tensor<f32> {
        %z = stablehlo.constant dense<0.0> : tensor<f32>
        %h0 = stablehlo.constant dense<0.0> : tensor<4x32xf32>
        %0:2 = "adjoint.scan"(%h0, %h0, %x)
            <{carry_count = 2 : i64, length = 20 : i64, reverse = false}> ({
        ^bb0(%n: tensor<i64>, %h: tensor<4x32xf32>, %c: tensor<4x32xf32>, %y: tensor<4x16xf32>):
          %1 = stablehlo.dot_general %y, %w, contracting_dims = [1] x [0]
            : (tensor<4x16xf32>, tensor<16x128xf32>) -> tensor<4x128xf32>
          %2 = stablehlo.dot_general %h, %u, contracting_dims = [1] x [0]
            : (tensor<4x32xf32>, tensor<32x128xf32>) -> tensor<4x128xf32>
          %3 = stablehlo.add %1, %2 : tensor<4x128xf32>
          %4 = stablehlo.slice %3 [0:4, 0:32] : (tensor<4x128xf32>) -> tensor<4x32xf32>
          %5 = stablehlo.slice %3 [0:4, 32:64] : (tensor<4x128xf32>) -> tensor<4x32xf32>
          %6 = stablehlo.slice %3 [0:4, 64:96] : (tensor<4x128xf32>) -> tensor<4x32xf32>
          %7 = stablehlo.slice %3 [0:4, 96:128] : (tensor<4x128xf32>) -> tensor<4x32xf32>
          %i = stablehlo.logistic %4 : tensor<4x32xf32>
          %f = stablehlo.logistic %5 : tensor<4x32xf32>
          %o = stablehlo.logistic %6 : tensor<4x32xf32>
          %g = stablehlo.tanh %7 : tensor<4x32xf32>
          %8 = stablehlo.multiply %f, %c : tensor<4x32xf32>
          %9 = stablehlo.multiply %i, %g : tensor<4x32xf32>
          %10 = stablehlo.add %8, %9 : tensor<4x32xf32>
          %11 = stablehlo.tanh %10 : tensor<4x32xf32>
          %12 = stablehlo.multiply %o, %11 : tensor<4x32xf32>
          stablehlo.return %12, %10 : tensor<4x32xf32>, tensor<4x32xf32>
        }) : (tensor<4x32xf32>, tensor<4x32xf32>, tensor<20x4x16xf32>)
          -> (tensor<4x32xf32>, tensor<4x32xf32>)
        %13 = stablehlo.multiply %0#0, %0#0 : tensor<4x32xf32>
        %14 = stablehlo.reduce(%13 init: %z) applies stablehlo.add across dimensions = [0, 1]
          : (tensor<4x32xf32>, tensor<f32>) -> tensor<f32>
        return %14 : tensor<f32>
      }
      """
    let function = try function(parsing: text).withGradient(of: [0, 1]).simplified()
    let program = try LoopProgram(lowering: function, for: target)
    try program.verify()
    let rows = 20 * 4 * 128 * 4
    let stacks = program.buffers.filter { buffer in
      guard case .arena = buffer.storage else { return false }
      return buffer.type.byteCount == rows
    }
    // The sums, the gates and the sums' slopes: two of them begin at one place, and the gates a row
    // before.
    let offsets = stacks.compactMap { buffer -> Int? in
      if case .arena(let offset) = buffer.storage { offset } else { nil }
    }
    #expect(stacks.count == 3)
    #expect(Set(offsets).count == 2)
    #expect((offsets.max() ?? 0) - (offsets.min() ?? 0) == 4 * 128 * 4)
    let apart = try LoopProgram.lowered(
      function, for: target, ScheduleOptions(disabled: ["trailing-stacks"], limit: nil)
    ).program
    #expect(apart.arenaByteCount - program.arenaByteCount >= rows / 10 * 9)
    try expectMeaning(of: program, function)
  }
}
