import CThreads

#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

extension WorkerPool {
  /// The cores this process may use: the least of its scheduling mask and the processor limits of
  /// its control groups, rounded up; at least one.
  package static let availableThreads: Int = {
    let limit = ControlGroupLimit(processFile: "/proc/self/cgroup", root: "/sys/fs/cgroup")
    return max(1, min(schedulableCores(), limit.cores ?? .max))
  }()

  /// The cores the scheduler may put this process's threads on.
  private static func schedulableCores() -> Int {
    #if os(Linux)
      var mask = [UInt64](repeating: 0, count: 1024)
      if adjoint_sched_getaffinity(0, UInt(mask.count * 8), &mask) >= 0 {
        return mask.reduce(0) { $0 + $1.nonzeroBitCount }
      }
    #endif
    return Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }
}

/// The processor limit that Linux control groups (version 1 and 2) set for a process.
///
/// Files as in the kernel's `admin-guide/cgroup-v2.rst` (`cpu.max`) and
/// `scheduler/sched-bwc.rst` (`cpu.cfs_quota_us`).
struct ControlGroupLimit {
  /// The limit in cores, rounded up; nil without a limit.
  private(set) var cores: Int?

  /// Reads the limits of the groups named in `processFile`, and of their parents, under `root`.
  init(processFile: String, root: String) {
    for line in Self.lines(of: processFile) {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      let controllers = fields[1].split(separator: ",")
      if fields[0] == "0" {
        visitParents(of: fields[2], under: root) { Self.unifiedLimit($0) }
      } else if controllers.contains("cpu") {
        for mount in ["cpu", "cpu,cpuacct"] {
          visitParents(of: fields[2], under: root + "/" + mount) { Self.legacyLimit($0) }
        }
      }
    }
  }

  /// Takes the least limit of a group and its parents.
  private mutating func visitParents(
    of group: Substring, under root: String, limit: (String) -> Int?
  ) {
    var names = group.split(separator: "/")
    while true {
      let folder = root + names.map { "/" + $0 }.joined()
      if let found = limit(folder) { cores = min(cores ?? .max, found) }
      if names.popLast() == nil { return }
    }
  }

  /// The limit in `cpu.max`: a quota or `max`, and a period.
  private static func unifiedLimit(_ folder: String) -> Int? {
    let words = lines(of: folder + "/cpu.max").first?.split(separator: " ") ?? []
    guard words.count == 2 else { return nil }
    return cores(quota: words[0], period: words[1])
  }

  /// The limit in version 1's two files; a quota of -1 is none.
  private static func legacyLimit(_ folder: String) -> Int? {
    guard let quota = lines(of: folder + "/cpu.cfs_quota_us").first,
      let period = lines(of: folder + "/cpu.cfs_period_us").first
    else { return nil }
    return cores(quota: quota[...], period: period[...])
  }

  /// A quota of processor time per period, in cores rounded up.
  private static func cores(quota: Substring, period: Substring) -> Int? {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else {
      return nil
    }
    return (quota - 1) / period + 1
  }

  /// The lines of a small text file; empty when it cannot be read.
  private static func lines(of path: String) -> [String] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
