#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
internal import Codegen
import Synchronization
internal import Targets

/// What was compiled before: kernels in this process, kernels and whole programs on disk.
package final class CodeCache: Sendable {
  /// What of a kernel's compilation decides its object file.
  struct KernelKey: Hashable, Sendable {
    var code: KernelCode
    var target: TargetDescription
    /// The effort that went into it.
    var level: Int
  }

  /// A kernel's object file.
  struct Kernel: Sendable {
    var object: [UInt8]
    /// The instructions of LLVM IR that it was made from.
    var instructionCount: Int
    /// The effort that went into it.
    var level: Int
  }

  /// How often what was asked for was there.
  package struct Counts: Hashable, Sendable {
    /// Kernels that LLVM compiled.
    package var compiledKernels = 0
    /// Kernels that were compiled before in this process.
    package var knownKernels = 0
    /// Kernels that were on disk.
    package var loadedKernels = 0
    /// Programs that were on disk.
    package var loadedPrograms = 0
  }

  /// The cache of this task; nil compiles everything anew.
  @TaskLocal package static var current: CodeCache? = standard

  /// The cache of the process, as the environment asks for: see `Place`.
  package static let standard: CodeCache = {
    let place = Place.ofProcess
    return CodeCache(
      disk: place.directory.flatMap { DiskCache(directory: $0, byteLimit: place.byteLimit) })
  }()

  /// A cache of the process that keeps nothing on disk.
  package static let process = standard.disk == nil ? standard : CodeCache()

  /// The files; nil where nothing outlives the process.
  package let disk: DiskCache?
  private let kernels = Mutex(RecencyTable<KernelKey, Kernel>(limit: kernelByteLimit))
  private let tally = Mutex(Counts())

  /// A cache without kernels yet.
  package init(disk: DiskCache? = nil) { self.disk = disk }

  /// What the kernels in memory may take, about.
  private static let kernelByteLimit = 64 << 20

  /// How often what was asked for was there so far.
  package var counts: Counts { tally.withLock { $0 } }

  /// Changes the counts.
  func count(_ change: (inout Counts) -> Void) { tally.withLock { change(&$0) } }

  /// A kernel that was compiled in this process.
  func kernel(_ key: KernelKey) -> Kernel? { kernels.withLock { $0.value(for: key) } }

  /// Keeps a kernel for this process.
  func keep(_ kernel: Kernel, for key: KernelKey) {
    let cost = kernel.object.count + key.code.weight(on: key.target) * Self.bytesPerNode
    kernels.withLock { $0.insert(kernel, for: key, cost: cost) }
  }

  /// What a node of a kernel that is a key takes in memory, about.
  private static let bytesPerNode = 100
}

extension CodeCache {
  /// Where code is kept on disk, and how much of it.
  struct Place: Hashable, Sendable {
    /// The directory: nil where nothing outlives the process.
    var directory: String?
    /// How many bytes the files may take.
    var byteLimit: Int

    /// The place that an environment asks for: the folder `adjoint/code` of the user's caches, or where
    /// `ADJOINT_CACHE` says, or none where that says `off`; 256 megabytes, or as many as
    /// `ADJOINT_CACHE_MEGABYTES` says. Empty variables are as if they were not there.
    init(environment: [String: String], isMacOS: Bool = Self.isMacOS) {
      let environment = environment.filter { !$0.value.isEmpty }
      directory = Self.directory(environment, isMacOS)
      let megabytes = environment["ADJOINT_CACHE_MEGABYTES"].flatMap { Int($0) } ?? 256
      byteLimit = min(max(megabytes, 1), 1 << 20) << 20
    }

    private static func directory(_ environment: [String: String], _ isMacOS: Bool) -> String? {
      if let setting = environment["ADJOINT_CACHE"] {
        if setting == "off" { return nil }
        if setting.hasPrefix("/") { return setting }
      }
      if isMacOS { return environment["HOME"].map { $0 + "/Library/Caches/adjoint/code" } }
      if let folder = environment["XDG_CACHE_HOME"], folder.hasPrefix("/") {
        return folder + "/adjoint/code"
      }
      return environment["HOME"].map { $0 + "/.cache/adjoint/code" }
    }

    /// The place that the environment of the process asks for.
    static var ofProcess: Place {
      let names = ["ADJOINT_CACHE", "ADJOINT_CACHE_MEGABYTES", "XDG_CACHE_HOME", "HOME"]
      let values = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
      return Place(environment: Dictionary(values) { first, _ in first })
    }

    #if os(macOS)
      private static let isMacOS = true
    #else
      private static let isMacOS = false
    #endif
  }
}
