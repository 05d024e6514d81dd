internal import LLVMBridge
internal import Targets
internal import TensorIR

/// Measures what the machine can do at most: fused multiply-adds, and copies in memory.
///
/// Each measurement runs on as many threads as asked for, and the best of some tries counts.
package enum Calibration {
  /// How often each measurement is repeated.
  private static let tries = 7
  /// Vectors summed side by side, enough to hide the latency of a multiply-add.
  private static let accumulators = 12
  /// Multiply-adds of every accumulator in a block.
  private static let depth = 20_000
  /// Bytes a measured copy moves at least, so that starting threads does not count.
  private static let movedBytes = 16 << 20

  /// Operations on `f32` per second, where a multiply-add is two.
  ///
  /// - Throws: `AdjointError` where LLVM or the system fails.
  package static func flopsPerSecond(threads: Int) throws -> Double {
    do {
      let session = try JITSession.shared()
      let name = session.uniqueName("adjoint_calibration")
      let object = try ObjectCompiler(target: .host, level: 1).compile(multiplyAdds(name))
      let code = try session.add(object: object, symbols: [name])
      guard let address = code.address(of: name) else {
        throw LLVMError("the entry point \(name) is missing")
      }
      let body = unsafeBitCast(address, to: WorkerPool.Body.self)
      let memory = try BufferPool.allocate(byteCount: 256)
      defer { BufferPool.deallocate(memory, byteCount: 256) }
      memory.initializeMemory(as: Float.self, repeating: 0, count: 64)
      let blocks = threads * 8
      let seconds = leastSeconds {
        WorkerPool.shared.run(blocks: blocks, threads: threads, body: body, context: memory)
      }
      let lanes = TargetDescription.host.lanes(ofBits: 32)
      return withExtendedLifetime(code) {
        Double(blocks * depth * accumulators * lanes * 2) / seconds
      }
    } catch let error as LLVMError {
      throw AdjointError(.system, "LLVM: \(error.message)")
    }
  }

  /// Bytes read and written per second by copies inside `byteCount` bytes.
  ///
  /// - Throws: `AdjointError` where there is no such memory.
  package static func bytesPerSecond(workingSet byteCount: Int, threads: Int) throws -> Double {
    let piece = max(64, byteCount / 2 / threads / 64 * 64)
    let side = piece * threads
    let source = try BufferPool.allocate(byteCount: side)
    defer { BufferPool.deallocate(source, byteCount: side) }
    let target = try BufferPool.allocate(byteCount: side)
    defer { BufferPool.deallocate(target, byteCount: side) }
    source.initializeMemory(as: UInt8.self, repeating: 1, count: side)
    target.initializeMemory(as: UInt8.self, repeating: 0, count: side)
    let repeats = max(1, movedBytes / (2 * side))
    var copies = Copies(source: source, target: target, piece: piece, repeats: repeats)
    let seconds = withUnsafeMutablePointer(to: &copies) { copies in
      leastSeconds {
        WorkerPool.shared.run(
          blocks: threads, threads: threads, body: copyPieces, context: copies)
      }
    }
    return Double(2 * side * repeats) / seconds
  }

  private static func leastSeconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    var least = clock.measure(body)
    for _ in 1..<tries { least = min(least, clock.measure(body)) }
    return max(least.milliseconds, 1e-6) * 1e-3
  }

  /// A function that carries out multiply-adds for the blocks from its second to its third
  /// argument; its result depends on the memory, so nothing can be left out.
  static func multiplyAdds(_ name: String) -> LLVMModule {
    let module = LLVMModule(name: name)
    let function = module.addFunction(
      name, parameters: [module.pointer, module.i64, module.i64], returns: module.void)
    let builder = IRBuilder(module)
    let (memory, begin, end) = (
      function.parameters[0], function.parameters[1], function.parameters[2]
    )
    let entry = function.appendBlock("entry")
    let (loop, done) = (function.appendBlock("loop"), function.appendBlock("done"))
    let vector = module.vector(module.float, module.target.lanes(ofBits: 32))
    builder.position(at: entry)
    let factor = builder.load(vector, memory, alignment: 64)
    let total = builder.mul(builder.sub(end, begin), builder.int(depth, module.i64))
    builder.br(loop)

    builder.position(at: loop)
    let counter = builder.phi(module.i64)
    let sums = (0..<accumulators).map { _ in builder.phi(vector) }
    let next = builder.add(counter, builder.int(1, module.i64))
    builder.addIncoming(counter, builder.int(0, module.i64), from: entry)
    builder.addIncoming(counter, next, from: loop)
    let updated = sums.map { builder.fma($0, factor, factor) }
    for (position, (sum, update)) in zip(sums, updated).enumerated() {
      builder.addIncoming(sum, builder.float(Double(position), vector), from: entry)
      builder.addIncoming(sum, update, from: loop)
    }
    builder.condBr(builder.icmp(.slt, next, total), loop, done)

    builder.position(at: done)
    // Only a sum of numbers that are no numbers would be stored, and there is none.
    let sum = updated.dropFirst().reduce(updated[0]) { builder.fadd($0, $1) }
    let store = function.appendBlock("store")
    let leave = function.appendBlock("leave")
    let lane = builder.extractElement(sum, builder.int(0, module.i32))
    builder.condBr(builder.fcmp(.uno, lane, lane), store, leave)
    builder.position(at: store)
    builder.store(sum, memory, alignment: 64)
    builder.br(leave)
    builder.position(at: leave)
    builder.ret()
    return module
  }
}

/// What the threads of a measured copy need to know.
private struct Copies {
  /// What is read.
  var source: UnsafeMutableRawPointer
  /// What is written.
  var target: UnsafeMutableRawPointer
  /// The bytes that one thread copies.
  var piece: Int
  /// How often it does so.
  var repeats: Int
}

/// Copies the pieces from `begin` to `end` again and again.
private let copyPieces: WorkerPool.Body = { context, begin, end in
  guard let copies = context?.assumingMemoryBound(to: Copies.self).pointee else { return }
  for piece in begin..<end {
    let offset = piece * copies.piece
    for _ in 0..<copies.repeats {
      (copies.target + offset).copyMemory(
        from: copies.source + offset, byteCount: copies.piece)
    }
  }
}
