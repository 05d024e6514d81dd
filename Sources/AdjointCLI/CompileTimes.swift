import Adjoint

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How long compiling a function takes, stage by stage: anew by the policy at hand and by two others, with the
/// kernels of this process, and from disk.
struct CompileTimes {
  /// The stages of the fastest of some compilations.
  struct Row {
    /// Where code may come from.
    let name: String
    /// The times of the fastest compilation.
    let report: CompileReport
    /// Milliseconds that all threads together worked in the compilation that took the least.
    let processorMilliseconds: Double
  }

  /// One row for each way.
  let rows: [Row]
  /// The most memory that the process held, in bytes.
  let peakByteCount: Int

  /// Compiles a function some times in each way.
  init(
    of program: Program, function: String?, transform: Transform, options: CompileOptions,
    repeats: Int
  ) throws {
    func compile(_ policy: CompilePolicy? = nil) throws -> CompiledProgram {
      var options = options
      options.policy = policy ?? options.policy
      return try program.compile(function: function, transform: transform, options: options)
    }
    func row(
      _ name: String, _ caching: CodeCaching, _ policy: CompilePolicy? = nil
    ) throws -> Row {
      var fastest: CompileReport?
      var least = Double.infinity
      for _ in 0..<repeats {
        let start = processorMilliseconds()
        let report = try withCodeCache(caching) { try compile(policy).report }
        least = min(least, processorMilliseconds() - start)
        if report.compileMilliseconds < fastest?.compileMilliseconds ?? .infinity {
          fastest = report
        }
      }
      guard let fastest else { throw AdjointError(.argument, "there must be a repetition") }
      return Row(name: name, report: fastest, processorMilliseconds: least)
    }
    var rows = [try row("cold", .none)]
    peakByteCount = Self.peakByteCount()
    rows.append(try row("cold, balanced", .none, .balanced))
    rows.append(try row("cold, the best code", .none, .best))
    try withCodeCache(.process) { try compile() }.improve()
    rows.append(try row("warm in process", .process))
    let folder = try TemporaryFolder()
    let caching = CodeCaching.directory(folder.path)
    try withCodeCache(caching) { try compile() }.improve()
    rows.append(try row("warm from disk", caching))
    self.rows = rows
  }

  /// The times as a table.
  var table: String {
    let head = ["", "transform", "plan", "codegen", "link", "total", "processor"]
    let lines = rows.map { row in
      [row.name] + values(row).map { $0.value.fixed(2) }
    }
    let width = (rows.map(\.name.count).max() ?? 0) + 2
    return ([head] + lines).map { line in
      line[0].padded(to: width)
        + line.dropFirst().map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }
        .joined()
    }.joined(separator: "\n") + "\nmilliseconds; peak memory \(peakByteCount >> 20) MB"
  }

  /// The times as a JSON object.
  var json: String {
    let fields = rows.map { row in
      let values = values(row).map { "\"\($0.name)_ms\": \($0.value.fixed(4))" }
      return "\"\(row.name)\": {" + values.joined(separator: ", ") + "}"
    }
    return "{" + fields.joined(separator: ", ") + ", \"peak_bytes\": \(peakByteCount)}"
  }

  private func values(_ row: Row) -> [(name: String, value: Double)] {
    [
      ("transform", row.report.transformMilliseconds), ("plan", row.report.planMilliseconds),
      ("codegen", row.report.codegenMilliseconds), ("link", row.report.linkMilliseconds),
      ("compile", row.report.compileMilliseconds), ("processor", row.processorMilliseconds),
    ]
  }

  /// The most memory that the process held so far.
  private static func peakByteCount() -> Int {
    #if os(Linux)
      return highWater() ?? 0
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return Int(usage.ru_maxrss)
    #endif
  }

  #if os(Linux)
    /// What the system says of the process's memory: `VmHWM` of proc_pid_status(5), in kilobytes.
    ///
    /// The usage of resources would tell the most of the process that started this one, if that is more.
    private static func highWater() -> Int? {
      guard let file = fopen("/proc/self/status", "r") else { return nil }
      defer { fclose(file) }
      var kilobytes = 0
      var line = [CChar](repeating: 0, count: 256)
      while fgets(&line, Int32(line.count), file) != nil {
        let found = withUnsafeMutablePointer(to: &kilobytes) { target in
          withVaList([target]) { vsscanf(line, "VmHWM: %ld", $0) }
        }
        if found == 1 { return kilobytes << 10 }
      }
      return nil
    }
  #endif
}

/// Milliseconds that all threads of the process worked so far.
private func processorMilliseconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) * 1e-6
}

/// A folder that goes when nobody needs it.
private final class TemporaryFolder {
  /// The folder.
  let path: String

  /// Makes the folder.
  init() throws {
    var template = Array("/tmp/adjoint.XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else {
      throw AdjointError(.file, "a temporary folder cannot be made")
    }
    self.path = String(cString: path)
  }

  deinit {
    guard let listing = opendir(path) else { return }
    while let entry = readdir(listing) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { unlink(path + "/" + name) }
    }
    closedir(listing)
    rmdir(path)
  }
}
