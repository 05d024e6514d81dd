import Adjoint
import Foundation

/// How long calls of a compiled function take.
struct CallTimes {
  /// Microseconds of the fastest call.
  let minimum: Double
  /// Microseconds of the middle one of all samples.
  let median: Double

  /// By how many bytes the first call raised the process's resident memory, its results left out; nil where
  /// the system does not tell.
  let residentGrowth: Int?

  /// Calls a function for about `seconds`, on memory that is allocated once.
  ///
  /// Short calls are timed in batches of at least twenty microseconds, so the clock's own cost
  /// does not count.
  init(measuring program: CompiledProgram, arguments: [TensorData], seconds: Double) throws {
    let before = ResidentMemory.byteCount
    let results = try program.call(arguments)
    let after = ResidentMemory.byteCount
    let own = results.reduce(0) { $0 + $1.type.byteCount }
    residentGrowth = before.flatMap { before in after.map { max(0, $0 - before - own) } }
    let inputs = RawBuffers(program.parameterTypes)
    let outputs = RawBuffers(program.resultTypes)
    for (index, argument) in arguments.enumerated() {
      argument.withUnsafeBytes { inputs.fill(index, with: $0) }
    }
    let call = { (count: Int) throws -> Double in
      let start = ContinuousClock.now
      for _ in 0..<count {
        try program.call(arguments: inputs.readable, results: outputs.writable)
      }
      return (ContinuousClock.now - start).microseconds / Double(count)
    }
    let first = min(try call(1), try call(1))
    let batch = max(1, Int((20 / max(first, 0.01)).rounded(.up)))
    var samples = [try call(batch)]
    let start = ContinuousClock.now
    while samples.count < 5 || (ContinuousClock.now - start).microseconds < seconds * 1e6 {
      samples.append(try call(batch))
      if samples.count >= 1_000_000 { break }
    }
    samples.sort()
    minimum = samples[0]
    median = samples[samples.count / 2]
  }
}

/// Memory for the arguments or results of calls, aligned as compiled code wants it.
final class RawBuffers {
  /// The buffers.
  private let buffers: [UnsafeMutableRawBufferPointer]
  /// Their addresses, as arguments.
  let readable: UnsafeMutablePointer<UnsafeRawPointer>
  /// Their addresses, as results.
  let writable: UnsafeMutablePointer<UnsafeMutableRawPointer>

  /// Allocates a zeroed buffer for a value of each type.
  init(_ types: [TensorType]) {
    buffers = types.map { type in
      let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: max(64, type.byteCount), alignment: 64)
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      return buffer
    }
    readable = .allocate(capacity: max(1, types.count))
    writable = .allocate(capacity: max(1, types.count))
    for (index, buffer) in buffers.enumerated() {
      guard let address = buffer.baseAddress else { continue }
      (readable + index).initialize(to: UnsafeRawPointer(address))
      (writable + index).initialize(to: address)
    }
  }

  deinit {
    for buffer in buffers { buffer.deallocate() }
    readable.deallocate()
    writable.deallocate()
  }

  /// Copies bytes into a buffer.
  func fill(_ index: Int, with bytes: UnsafeRawBufferPointer) {
    buffers[index].copyMemory(from: bytes)
  }
}

/// The memory of this process that the system holds in RAM.
enum ResidentMemory {
  /// Bytes at present; nil where the system does not tell.
  static var byteCount: Int? {
    #if os(Linux)
      guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else {
        return nil
      }
      let fields = text.split(separator: " ")
      return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
    #else
      return nil
    #endif
  }
}
