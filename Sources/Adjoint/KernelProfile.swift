internal import Runtime
public import TensorIR

/// How long one kernel of a compiled function takes, and how long the machine would need at least.
public struct KernelProfile: Hashable, Sendable {
  /// The kernel's name, as in the dump of stage `loops`.
  public let name: String
  /// The lines of the source that its results come from, each once.
  public let sources: [SourceLocation]
  /// Nanoseconds of the fastest call, all runs of the kernel in it together.
  public let minimumNanoseconds: Double
  /// Nanoseconds of a call on average.
  public let meanNanoseconds: Double
  /// Bytes a call's runs read and write, each element of each buffer once.
  public let byteCount: Int
  /// Arithmetic operations on floats of a call's runs; a multiply-add is two, and functions such as `exp`
  /// are as many as they cost.
  public let flops: Int
  /// Nanoseconds the machine needs for as many bytes, or as many operations, whichever is more.
  public let boundNanoseconds: Double

  /// Bytes per nanosecond of the fastest run.
  public var gigabytesPerSecond: Double { Double(byteCount) / max(minimumNanoseconds, 1) }
  /// Operations per nanosecond of the fastest run.
  public var gigaflopsPerSecond: Double { Double(flops) / max(minimumNanoseconds, 1) }
  /// Which part of the fastest run's time the machine needs at least; one is perfect.
  public var rooflineFraction: Double { boundNanoseconds / max(minimumNanoseconds, 1) }

  /// The profile of a kernel from its times.
  ///
  /// - Parameter runs: how often it runs in a call.
  init(_ kernel: KernelOutline, runs: Int, nanoseconds: [Double], limits: MachineLimits) {
    name = kernel.name
    var places: [SourceLocation] = []
    for source in kernel.sources where source.isKnown {
      let line = SourceLocation(file: source.file, line: source.line)
      if !places.contains(line) { places.append(line) }
    }
    sources = places
    minimumNanoseconds = nanoseconds.min() ?? 0
    meanNanoseconds = nanoseconds.reduce(0, +) / Double(max(1, nanoseconds.count))
    let all = { (count: Int) in
      let (product, overflow) = count.multipliedReportingOverflow(by: runs)
      return overflow ? Int.max : product
    }
    byteCount = all(kernel.byteCount)
    let (single, double) = (all(kernel.singleFlops), all(kernel.doubleFlops))
    let (flops, overflow) = single.addingReportingOverflow(double)
    self.flops = overflow ? .max : flops
    boundNanoseconds = max(
      limits.nanoseconds(moving: byteCount), limits.nanoseconds(single: single, double: double))
  }
}

extension CompiledProgram {
  /// Times every kernel of the function, in execution order.
  ///
  /// The function is compiled once more with a clock read between kernels; the program itself stays
  /// as it is. A clock read takes some tens of nanoseconds, which count to the kernel before it.
  ///
  /// - Parameters:
  ///   - arguments: tensors of `parameterTypes`.
  ///   - repeats: how many calls are timed, after one that is not.
  ///   - limits: what the machine can do; measured where nil.
  /// - Throws: `AdjointError` where the arguments do not have the types of `parameterTypes`,
  ///   `repeats` is below one, or the interpreter runs the program.
  public func profile(
    _ arguments: [TensorData], repeats: Int = 100, limits: MachineLimits? = nil
  ) throws -> [KernelProfile] {
    guard let compiled = body.executable else {
      throw AdjointError(.argument, "only native code has kernels to profile")
    }
    guard repeats >= 1 else {
      throw AdjointError(.argument, "a profile needs at least one call, not \(repeats)")
    }
    var options = compiled.options
    options.isProfiled = true
    options.policy = .best
    options.budgetMilliseconds = nil
    let executable = try Executable(body.planned(), options: options)
    let profiled = CompiledProgram(body: ProgramBody(executable, report, planned: body.planned))
    let limits = try limits ?? .measured(threads: report.threads)
    _ = try profiled.call(arguments)
    var times = [[Double]](repeating: [], count: executable.kernels.count)
    for _ in 0..<repeats {
      _ = try profiled.call(arguments)
      for (kernel, time) in executable.kernelNanoseconds.enumerated() {
        times[kernel].append(time)
      }
    }
    let kernels = zip(executable.kernels, executable.kernelRuns)
    return zip(kernels, times).map { kernel, times in
      KernelProfile(kernel.0, runs: kernel.1, nanoseconds: times, limits: limits)
    }
  }
}
