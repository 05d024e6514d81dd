import LLVMBridge
import Targets
import Testing

@testable import Codegen

/// A compiled loop that maps a function over arrays.
final class MapKernel {
  /// Keeps the code in memory.
  private let object: LinkedObject
  /// The loop's address.
  private let address: UnsafeRawPointer
  /// The lanes of one step.
  private let width: Int

  /// Compiles a map of `body` in vectors of `width`.
  init(
    isDouble: Bool, width: Int, target: TargetDescription = .host, hasTwoInputs: Bool = false,
    _ body: (VectorMath, LLVMValue, LLVMValue) -> LLVMValue
  ) throws {
    let name = try JITSession.shared().uniqueName("map")
    let module = makeMapModule(
      name, isDouble: isDouble, width: width, target: target, hasTwoInputs: hasTwoInputs, body)
    try module.verify()
    let bytes = try ObjectCompiler(target: target, level: 1).compile(module)
    object = try JITSession.shared().add(object: bytes, symbols: [name])
    address = try #require(object.address(of: name))
    self.width = width
  }

  /// Compiles a map of a function under test.
  convenience init(
    _ function: VectorFunction, isDouble: Bool, width: Int, target: TargetDescription = .host
  ) throws {
    try self.init(isDouble: isDouble, width: width, target: target) { math, x, _ in
      function.emit(math, x)
    }
  }

  /// Whole vectors of `values`, the last one filled up with copies of the last value.
  private func padded<T>(_ values: [T]) -> [T] {
    guard let last = values.last else { return [] }
    let count = (values.count + width - 1) / width * width
    return values + [T](repeating: last, count: count - values.count)
  }

  /// The function's values.
  func map<T: FloatingPoint & BitwiseCopyable>(_ x: [T]) -> [T] {
    typealias Function = @convention(c) (UnsafeRawPointer, UnsafeMutableRawPointer, Int) -> Void
    let inputs = padded(x)
    var out = [T](repeating: 0, count: inputs.count)
    inputs.withUnsafeBytes { source in
      out.withUnsafeMutableBytes { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        unsafeBitCast(address, to: Function.self)(source, target, inputs.count)
      }
    }
    return Array(out.prefix(x.count))
  }

  /// The function's values for two arguments.
  func map<T: FloatingPoint & BitwiseCopyable>(_ x: [T], _ y: [T]) -> [T] {
    typealias Function =
      @convention(c) (
        UnsafeRawPointer, UnsafeRawPointer, UnsafeMutableRawPointer, Int
      ) -> Void
    let (first, second) = (padded(x), padded(y))
    var out = [T](repeating: 0, count: first.count)
    let count = first.count
    first.withUnsafeBytes { first in
      second.withUnsafeBytes { second in
        out.withUnsafeMutableBytes { target in
          guard let a = first.baseAddress, let b = second.baseAddress,
            let target = target.baseAddress
          else { return }
          unsafeBitCast(address, to: Function.self)(a, b, target, count)
        }
      }
    }
    return Array(out.prefix(x.count))
  }
}

extension TargetDescription {
  /// Processors whose code runs here: this one, and an x86-64 without AVX-512.
  static let runnable: [TargetDescription] =
    [host] + [x86_64v3].compactMap { $0.running(on: host) }
}
