import Differentiation
import Fusion
import Interpreter
import LoopIR
import Optimizer
import Targets
import TensorIR
import TestSupport
import Testing

/// Loops and branches as trees of steps, run by the loop interpreter, against the tensor interpreter.
@Suite struct StepTreeTests {
  private func check(_ function: Function, _ what: String, seed: UInt64 = 3) throws {
    let program = try LoopProgram(lowering: function, for: .x86_64v4)
    do { try program.verify() } catch { print(program); throw error }
    let arguments = randomArguments(for: function, seed: seed)
    let results = try LoopInterpreter.run(program, arguments: arguments)
    let expected = try Interpreter().run(function, arguments)
    for (result, expected) in zip(results, expected) {
      expectClose(result, expected, relative: 1e-6, "\(what)\n\(program)")
    }
  }

  @Test(arguments: ControlProgram.all)
  func programsKeepTheirMeaning(_ program: ControlProgram) throws {
    try check(program.function(), "\(program)")
    try check(program.function().simplified(), "\(program), simplified")
  }

  /// A body of a few scalars, loops and branches in it included, is one kernel without arena.
  @Test(arguments: ControlProgram.smallBodies)
  func smallBodiesAreOneKernel(_ control: ControlProgram) throws {
    let program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
    #expect(program.kernels.count == 1, "\(program)")
    #expect(program.steps == [.kernel(0)])
    #expect(program.arenaByteCount == 0)
  }

  /// Of a carry that is changed in a row, no step copies the rest.
  @Test func rowsAreChangedInPlace() throws {
    let control = try #require(ControlProgram.all.first { $0.name == "rows changed in place" })
    let program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
    let text = program.description
    #expect(text.contains("\nrepeat s0 in 0..<6, index i"))
    // One kernel brings the argument in; those of a step go over twenty elements.
    #expect(program.kernels.map { $0.variables.last?.extent } == [120, 20, 20])
    let strides = program.buffers.compactMap(\.view).map(\.strides)
    #expect(strides == [[Buffer.Stride(CounterID(0), byteCount: 160)]])
  }

  /// Kernels that make a part each of a field's next value write it over the current one, and leave out
  /// what stays.
  @Test(arguments: [(ControlProgram.rimmedFields(64, 144), 3), (.relaxation(64, 144), 2)])
  func partsOfFieldsAreChangedInPlace(_ control: ControlProgram, _ kernelCount: Int) throws {
    let program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
    let loop = try #require(program.loops.first)
    #expect(loop.carries.allSatisfy { program.place(of: $0.current) == program.place(of: $0.next) })
    #expect(loop.body.count == kernelCount, "\(program)")
    #expect(program.arenaByteCount == 0, "\(program)")
  }

  /// A step touches the rows that it needs, and so does its gradient: no kernel goes over all of the field.
  @Test(arguments: [false, true])
  func rowsMadeOfOthersAreChangedInPlace(isGradient: Bool) throws {
    var function = try ControlProgram.sweep(40, 144).function()
    if isGradient { function = try function.withVJP(of: [0]) }
    let program = try LoopProgram(lowering: function.simplified(), for: .x86_64v4)
    for loop in program.loops {
      let kernels = loop.body.kernelNumbers.map { program.kernels[$0] }
      #expect(!kernels.isEmpty)
      let extents = kernels.map { $0.variables.map(\.extent).reduce(1, *) }
      #expect(extents.allSatisfy { $0 <= 144 }, "\(program)")
    }
  }

  /// Parts that read what others overwrite have memory of their own.
  @Test func partsThatMoveAreNotChangedInPlace() throws {
    let program = try LoopProgram(
      lowering: ControlProgram.rotation(64, 144).function(), for: .x86_64v4)
    let carry = try #require(program.loops.first?.carries.first)
    #expect(program.place(of: carry.current) != program.place(of: carry.next), "\(program)")
  }

  /// A carry that is also stacked is written into its row and read there: a step copies nothing.
  @Test(arguments: ControlProgram.Stacked.allCases, [false, true])
  func stackedCarriesAreNotCopied(_ stacked: ControlProgram.Stacked, isReversed: Bool) throws {
    let control = ControlProgram.stackedCarry(7, isReversed: isReversed, stacked)
    let program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
    let loop = try #require(program.loops.first)
    #expect(loop.body.count == 1, "\(program)")
    let carry = try #require(loop.carries.first)
    #expect(program.movesAlong(carry))
    let (current, next) = (
      try #require(program.buffers[carry.current.index].view),
      try #require(program.buffers[carry.next.index].view)
    )
    #expect([current.offset, next.offset] == (isReversed ? [240, 0] : [0, 240]))
    #expect(program.buffers[current.base.index].type.shape == [8, 5, 12])
  }

  /// One step has nothing to hand on, and a stack that is a result has no row for the last value.
  @Test func carriesStayBesideStacksOfTheirLength() throws {
    let single = ControlProgram.stackedCarry(1, isReversed: false, .both)
    for control in [single, .stackedInResult] {
      let program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
      let loop = try #require(program.loops.first)
      #expect(!loop.carries.contains { program.movesAlong($0) }, "\(program)")
    }
  }

  /// What a loop multiplies by is transposed once before it where lanes go along its columns; not for
  /// a few iterations, and not what is read along its rows.
  @Test func capturedFactorsAreTransposedBeforeLoops() throws {
    func transposes(_ control: ControlProgram) throws -> Int {
      let function = try control.function().transposingInvariantFactors()
      try function.verify()
      return function.operations.count { operation in
        if case .shape(.transpose) = operation.op { true } else { false }
      }
    }
    #expect(try transposes(.capturedFactor(4)) == 1)
    #expect(try transposes(.capturedFactor(3)) == 0)
    #expect(try transposes(.nestedFactor) == 1)
  }

  /// A carry whose next value is not where the following iteration finds it is no program.
  @Test(arguments: [0, 480]) func rowsThatDoNotFollowAreRefused(_ offset: Int) throws {
    let control = ControlProgram.stackedCarry(7, isReversed: false, .both)
    var program = try LoopProgram(lowering: control.function(), for: .x86_64v4)
    let next = try #require(program.loops.first?.carries.first?.next)
    guard case .view(var view) = program.buffers[next.index].storage else {
      Issue.record("no view")
      return
    }
    view.offset = offset
    program.buffers[next.index].storage = .view(view)
    #expect(throws: AdjointError.self) { try program.verify() }
  }
}

extension LoopProgram {
  /// The loops of steps, outer ones first.
  fileprivate var loops: [StepLoop] {
    var loops = [StepLoop]()
    steps.forEachStep { if case .loop(let loop) = $0 { loops.append(loop) } }
    return loops
  }
}
