import LoopIR
import TensorIR
import Testing

/// Programs whose kernels fit together are accepted, others are refused.
@Suite struct ProgramVerificationTests {
  @Test(arguments: [
    SampleProgram.layerNorm(), SampleProgram.columnSums(), SampleProgram.dense(),
    SampleProgram.dense(isCut: false), SampleProgram.dense(rows: 4, columns: 40),
    SampleProgram.dense(rows: 40, columns: 8), SampleProgram.lookups(),
  ])
  func acceptsSamples(_ program: LoopProgram) throws {
    try program.verify()
  }

  /// Changes the column sums and expects a refusal.
  private func refuses(
    _ message: String, _ change: (inout LoopProgram) -> Void
  ) {
    var program = SampleProgram.columnSums()
    change(&program)
    let error = #expect(throws: AdjointError.self) { try program.verify() }
    #expect(error?.message == message)
    #expect(error?.kind == .type)
  }

  @Test func buffersLieAlignedInTheArena() {
    refuses("buffer pm at arena+40 is not aligned to 64 bytes") {
      $0.buffers[5].storage = .arena(offset: 40)
    }
    refuses("buffer pm goes beyond the arena's 320 bytes") {
      $0.buffers[5].storage = .arena(offset: 320)
    }
  }

  @Test func buffersAreWrittenBeforeTheyAreRead() {
    refuses("kernel k1: ps is read before it is written") { $0.kernels.swapAt(0, 1) }
    refuses("result m is never written") { $0.kernels[1].body.removeLast() }
  }

  @Test func buffersInUseAreNotOverwritten() {
    refuses("kernel k0: ps overwrites pm in use") { $0.buffers[5].storage = .arena(offset: 0) }
  }

  @Test func addingIntoMemoryReadsIt() {
    refuses("kernel k0: ps is read before it is written") { program in
      guard case .loop(var blocks) = program.kernels[0].body[0] else { return }
      blocks.body.removeFirst()
      program.kernels[0].body[0] = .loop(blocks)
    }
  }

  @Test func namesAndPlacesAreUnique() {
    refuses("two kernels of columns share a name") { $0.kernels[1].name = "k0" }
    refuses("buffer w shares its place among arguments or results") {
      $0.buffers[1].storage = .argument(0)
    }
    refuses("kernel k0: two slots are one buffer") { $0.kernels[0].slots[1] = BufferID(0) }
    refuses("kernel k0: slot for no buffer 9") { $0.kernels[0].slots[1] = BufferID(9) }
  }

  /// `a = x`, then `b = sqrt(a)` (or of its neighbour) over the same bytes, then `y = b`, or `a`.
  private func inPlace(shift: Int = 0, readsOverwritten: Bool = false) -> LoopProgram {
    var program = LoopProgram(name: "inplace")
    program.arenaByteCount = 64
    let type = TensorType([4], .f32)
    let storages: [(String, Buffer.Storage)] = [
      ("x", .argument(0)), ("a", .arena(offset: 0)), ("b", .arena(offset: 0)), ("y", .result(0)),
    ]
    program.buffers = storages.map { Buffer(name: $0.0, type: type, storage: $0.1) }
    let steps = [(0, 1, 0), (1, 2, shift), (readsOverwritten ? 1 : 2, 3, 0)]
    for (position, (source, target, offset)) in steps.enumerated() {
      var k = KernelSketch("k\(position)", slots: [source, target])
      let i = k.variable("i", 4)
      var body = [Node]()
      let address = (IndexExpression(i) + offset).remainder(by: offset == 0 ? 99 : 4)
      let value = k.load(0, offset == 0 ? IndexExpression(i) : address, in: &body)
      let root = k.unary(.sqrt, value, in: &body)
      body.append(.store(Store(.slot(1), IndexExpression(i), root)))
      k.kernel.body = [loop(i, body)]
      program.append(k.kernel)
    }
    return program
  }

  @Test func memoryIsReusedInPlaceAtOneAddress() throws {
    try inPlace().verify()
    let result = try LoopInterpreter.run(
      inPlace(), arguments: [floats([4], [256, 1, 6561, 65536])])
    #expect(result[0].doubles == [2, 1, 3, 4])
    let shifted = #expect(throws: AdjointError.self) { try inPlace(shift: 1).verify() }
    #expect(shifted?.message == "kernel k1: b overwrites a in use")
    let stale = #expect(throws: AdjointError.self) { try inPlace(readsOverwritten: true).verify() }
    #expect(stale?.message == "kernel k2: a is read before it is written")
  }

  /// `a = x`, then `b` over the same bytes in parts, each the square root of as many elements of `a`,
  /// then `y = b`.
  private func inParts(_ parts: [(target: Int, source: Int, count: Int)]) -> LoopProgram {
    var program = inPlace()
    let kernels = program.kernels
    (program.kernels, program.steps) = ([], [])
    program.append(kernels[0])
    for (number, part) in parts.enumerated() {
      var k = KernelSketch("part\(number)", slots: [1, 2])
      let i = k.variable("i", part.count)
      var body = [Node]()
      let value = k.load(0, IndexExpression(i) + part.source, in: &body)
      let root = k.unary(.sqrt, value, in: &body)
      body.append(.store(Store(.slot(1), IndexExpression(i) + part.target, root)))
      k.kernel.body = [loop(i, body)]
      program.append(k.kernel)
    }
    program.append(kernels[2])
    return program
  }

  @Test func memoryIsReusedInPlaceInParts() throws {
    try inParts([(0, 0, 1), (1, 1, 3)]).verify()
    try inParts([(2, 2, 2), (1, 1, 1), (0, 0, 1)]).verify()
    let result = try LoopInterpreter.run(
      inParts([(0, 0, 1), (1, 1, 3)]), arguments: [floats([4], [256, 1, 6561, 65536])])
    #expect(result[0].doubles == [2, 1, 3, 4])
    for parts in [[(0, 0, 1), (1, 0, 3)], [(1, 1, 3), (0, 2, 1)], [(0, 0, 2), (1, 1, 3)]] {
      let error = #expect(throws: AdjointError.self) { try inParts(parts).verify() }
      #expect(error?.kind == .type, "\(parts)")
    }
    let stale = #expect(throws: AdjointError.self) {
      try inParts([(0, 0, 2), (2, 2, 1), (3, 1, 1)]).verify()
    }
    #expect(stale?.message == "kernel part2: a is read before it is written")
  }
}
