internal import CLLVM
import Foundation
internal import Targets

/// The options of LLVM's command line that code is generated with; they hold for the whole process.
package enum CodegenOptions {
  /// Those below for this machine, and what the environment variable `ADJOINT_LLVM_OPTIONS` adds for
  /// experiments.
  ///
  /// `-pre-RA-sched=source`: selection need not order what the machine scheduler orders again.
  package static let words: [String] =
    ["-pre-RA-sched=source"] + omissions(forARM64: isHostARM64)
    + (ProcessInfo.processInfo.environment["ADJOINT_LLVM_OPTIONS"] ?? "")
    .split(separator: " ").map(String.init)

  /// The passes that code for a processor is generated without.
  ///
  /// - `lsr`: strength reduction of addresses takes a third of code generation. Emitted loops count in few
  ///   variables already, and moving addresses stand in registers.
  /// - The others look for what emitted code does not have: what is the same in all iterations is computed
  ///   before a loop, each value once and where it is used, no branch skips an instruction or two, and nothing
  ///   compares memory or calls a library. Together they take about a fifth of code generation.
  ///
  /// ARM has them all: its multiply-adds take lanes of factors only where addresses are near each other,
  /// and what the others are worth there was not measured.
  private static let omitted = [
    "lsr", "cgp", "early-taildup", "early-ifcvt", "machine-licm", "postra-machine-licm",
    "machine-cse", "copyprop", "branch-fold", "ssc", "constant-hoisting", "mergeicmps",
    "partial-libcall-inlining", "replace-with-vec-lib", "machine-sink", "postra-machine-sink",
    "tail-duplicate",
  ]

  /// The options that leave passes out, or put them back, in code for a processor.
  private static func omissions(forARM64 isARM64: Bool) -> [String] {
    omitted.map { "-disable-\($0)=\(!isARM64)" }
  }

  #if arch(arm64)
    private static let isHostARM64 = true
  #else
    private static let isHostARM64 = false
  #endif

  /// Hands LLVM the options, once.
  private static let areTaken: Bool = {
    hand(words)
    return true
  }()

  private static func hand(_ words: [String]) {
    let arguments = (["adjoint"] + words).map { strdup($0) }
    defer { arguments.forEach { free($0) } }
    var pointers = arguments.map { UnsafePointer($0) }
    LLVMParseCommandLineOptions(Int32(pointers.count), &pointers, nil)
  }

  /// Who generates code at the moment: many for this machine, or one for another architecture.
  private static let lock = SharedLock()

  /// Generates code for a processor with the options for it.
  static func withOptions<Result, Failure: Error>(
    for target: TargetDescription, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    _ = areTaken
    let omissions = omissions(forARM64: target.isARM64)
    let usual = Self.omissions(forARM64: isHostARM64)
    if omissions == usual {
      lock.share()
      defer { lock.unlock() }
      return try body()
    }
    lock.lock()
    hand(omissions)
    defer {
      hand(usual)
      lock.unlock()
    }
    return try body()
  }
}

/// A lock that many may share, or one has alone.
private final class SharedLock: @unchecked Sendable {
  private let handle: UnsafeMutablePointer<pthread_rwlock_t>

  init() {
    handle = .allocate(capacity: 1)
    pthread_rwlock_init(handle, nil)
  }

  deinit {
    pthread_rwlock_destroy(handle)
    handle.deallocate()
  }

  func share() { pthread_rwlock_rdlock(handle) }
  func lock() { pthread_rwlock_wrlock(handle) }
  func unlock() { pthread_rwlock_unlock(handle) }
}
