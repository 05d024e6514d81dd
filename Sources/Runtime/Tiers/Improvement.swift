internal import Codegen
internal import LLVMBridge
import Synchronization
internal import Targets

/// The way from a program's first code to its best.
final class Improvement: Sendable {
  private let emitter: ProgramEmitter
  private let target: TargetDescription
  private let cache: CodeCache?
  private let key: ProgramKey?
  /// The program as it is, with the first code.
  private let image: ProgramImage
  /// The first code.
  private let kernels: [CodeCache.Kernel]
  /// The calls so far.
  private let calls = Atomic<Int>(0)

  init(
    _ emitter: ProgramEmitter, for target: TargetDescription, cache: CodeCache?, key: ProgramKey?,
    image: ProgramImage, kernels: [CodeCache.Kernel]
  ) {
    self.emitter = emitter
    self.target = target
    self.cache = cache
    self.key = key
    self.image = image
    self.kernels = kernels
  }

  /// Counts a call; whether it is the one at which the best code should be made: the second, as there will
  /// be more, or the first where other processes will find the code.
  func isDue() -> Bool {
    calls.wrappingAdd(1, ordering: .relaxed).oldValue == (key == nil ? 1 : 0)
  }

  /// The best code, linked; nil where it cannot be made or the process ends.
  func improved() -> LinkedProgram? {
    var image = image
    do {
      guard
        let kernels = try KernelCompilation.improved(
          kernels, of: emitter, for: target, cache: cache)
      else { return nil }
      image.objects = kernels.map(\.object)
      let program = try LinkedProgram(
        image.objects, callees: image.calledObjects, names: image.names)
      if let key { cache?.disk?.keep(image.bytes, .program, key.digest) }
      return program
    } catch {
      return nil
    }
  }
}
