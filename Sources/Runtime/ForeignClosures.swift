import Foundation
import Synchronization
package import TensorIR

/// A closure that programs call: values in, values out.
package final class ForeignClosure: Sendable {
  /// What is called.
  package typealias Body = @Sendable ([Literal]) throws -> [Literal]

  /// The number that programs know the closure by.
  package let number: Int
  let operandTypes: [TensorType]
  let resultTypes: [TensorType]
  let body: Body

  /// The closures that there are, by number.
  private static let known = Mutex<[Int: Reference]>([:])
  private static let nextNumber = Atomic<Int>(0)

  /// A closure as long as somebody holds it.
  private struct Reference: Sendable {
    weak var closure: ForeignClosure?
  }

  /// Registers a closure, which programs can call as long as the object lives.
  package init(_ operandTypes: [TensorType], _ resultTypes: [TensorType], _ body: @escaping Body) {
    number = Self.nextNumber.wrappingAdd(1, ordering: .relaxed).oldValue
    self.operandTypes = operandTypes
    self.resultTypes = resultTypes
    self.body = body
    let reference = Reference(closure: self)
    Self.known.withLock { [number] in $0[number] = reference }
  }

  deinit { Self.known.withLock { [number] in $0[number] = nil } }

  /// The closure of a number; nil where it is gone.
  static func find(_ number: Int) -> ForeignClosure? {
    known.withLock { $0[number]?.closure }
  }

  /// Calls the closure and checks what it gives.
  func call(_ operands: [Literal]) throws -> [Literal] {
    let results = try body(operands)
    guard results.map(\.type) == resultTypes else {
      throw AdjointError(
        .type, "a closure gives \(results.map(\.type)) instead of \(resultTypes)")
    }
    return results
  }

  /// Calls the closure on memory, first of the operands, then of the results.
  fileprivate func call(_ addresses: UnsafePointer<UnsafeMutableRawPointer>) throws {
    let operands = operandTypes.enumerated().map { position, type in
      Literal(
        type,
        bytes: Array(UnsafeRawBufferPointer(start: addresses[position], count: type.byteCount)))
    }
    for (position, result) in try call(operands).enumerated() {
      result.denseBytes.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(
          start: addresses[operandTypes.count + position], count: bytes.count
        ).copyMemory(from: bytes)
      }
    }
  }

  /// The C function that native code calls for any closure: `(closure, addresses)`, zero where all
  /// went well.
  static let entry:
    @convention(c) (UnsafeRawPointer?, UnsafePointer<UnsafeMutableRawPointer>?) -> Int32 = {
      closure, addresses in
      guard let closure, let addresses else { return 1 }
      let object = Unmanaged<ForeignClosure>.fromOpaque(closure).takeUnretainedValue()
      do {
        try object.call(addresses)
        return 0
      } catch {
        ForeignFailure.note(error)
        return 1
      }
    }
}

/// Errors of foreign functions on their way from native code to who called it, one for each thread.
package enum ForeignFailure {
  private static let pending = Mutex<[UInt: any Error]>([:])
  private static let count = Atomic<Int>(0)

  /// The thread that asks.
  private static var thread: UInt {
    #if canImport(Darwin)
      UInt(bitPattern: pthread_self())
    #else
      UInt(pthread_self())
    #endif
  }

  /// Notes why the program that this thread runs ends; the first error stays.
  static func note(_ error: any Error) {
    pending.withLock { errors in
      guard errors[thread] == nil else { return }
      errors[thread] = error
      count.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// Takes the error that this thread's program ended with; nil where it did not.
  static func take() -> (any Error)? {
    guard count.load(ordering: .relaxed) > 0 else { return nil }
    return pending.withLock { errors in
      guard let error = errors.removeValue(forKey: thread) else { return nil }
      count.wrappingSubtract(1, ordering: .relaxed)
      return error
    }
  }
}
