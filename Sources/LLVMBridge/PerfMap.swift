internal import CLLVM
import Foundation
import Synchronization

/// Names generated code for `perf report`, when the environment has `ADJOINT_PERF=1`.
///
/// The file has one line per function: start and size in hexadecimal, and a name.
/// See `tools/perf/Documentation/jit-interface.txt` of the Linux kernel.
package enum PerfMap {
  /// Whether the map is written.
  package static let isEnabled = ProcessInfo.processInfo.environment["ADJOINT_PERF"] == "1"
  /// Keeps the lines of different threads apart.
  private static let lock = Mutex<Void>(())

  /// Appends a line for each symbol of a linked object.
  static func append(object: [UInt8], addresses: [String: UInt]) {
    let sizes = symbolSizes(of: object)
    for (name, address) in addresses.sorted(by: { $0.value < $1.value }) {
      append(name, at: address, byteCount: Int(sizes[name] ?? 1))
    }
  }

  /// Appends a line for a function.
  package static func append(_ name: String, at address: UInt, byteCount: Int) {
    let line = "\(String(address, radix: 16)) \(String(byteCount, radix: 16)) \(name)\n"
    let path = "/tmp/perf-\(ProcessInfo.processInfo.processIdentifier).map"
    lock.withLock { _ in
      guard let file = fopen(path, "a") else { return }
      fputs(line, file)
      fclose(file)
    }
  }

  /// The size in bytes of each symbol of an object file.
  private static func symbolSizes(of object: [UInt8]) -> [String: UInt64] {
    let buffer = object.withUnsafeBytes {
      LLVMCreateMemoryBufferWithMemoryRangeCopy(
        $0.baseAddress?.assumingMemoryBound(to: CChar.self), object.count, "object")
    }
    defer { LLVMDisposeMemoryBuffer(buffer) }
    var message: UnsafeMutablePointer<CChar>?
    guard let binary = LLVMCreateBinary(buffer, nil, &message) else {
      LLVMDisposeMessage(message)
      return [:]
    }
    defer { LLVMDisposeBinary(binary) }
    var sizes: [String: UInt64] = [:]
    let iterator = LLVMObjectFileCopySymbolIterator(binary)
    defer { LLVMDisposeSymbolIterator(iterator) }
    while LLVMObjectFileIsSymbolIteratorAtEnd(binary, iterator) == 0 {
      if let name = LLVMGetSymbolName(iterator) {
        sizes[String(cString: name)] = LLVMGetSymbolSize(iterator)
      }
      LLVMMoveToNextSymbol(iterator)
    }
    return sizes
  }
}
