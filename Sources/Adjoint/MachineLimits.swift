internal import Runtime

/// What a machine can do at most: the roofline that profiles measure kernels against.
public struct MachineLimits: Hashable, Sendable {
  /// How fast memory of some size is.
  public struct Bandwidth: Hashable, Sendable {
    /// Bytes that are read and written, together.
    public var byteCount: Int
    /// Bytes read and written per second.
    public var bytesPerSecond: Double

    /// A bandwidth for a number of bytes.
    public init(byteCount: Int, bytesPerSecond: Double) {
      self.byteCount = byteCount
      self.bytesPerSecond = bytesPerSecond
    }
  }

  /// Operations on `f32` per second, where a multiply-add is two; `f64` is half as fast.
  public var flopsPerSecond: Double
  /// Bandwidths in growing order of their bytes: those of the caches, then that of main memory.
  public var bandwidths: [Bandwidth]

  /// Limits known from elsewhere.
  public init(flopsPerSecond: Double, bandwidths: [Bandwidth]) {
    self.flopsPerSecond = flopsPerSecond
    self.bandwidths = bandwidths
  }

  /// Measures this machine for calls that use a number of threads, in a tenth of a second or so.
  ///
  /// The operations are those of a loop of independent multiply-adds on the widest vectors that
  /// pay, the bandwidths those of copies. Other work on the machine makes them smaller.
  ///
  /// - Throws: `AdjointError` where there is no memory to copy, or LLVM fails.
  public static func measured(threads: Int) throws -> MachineLimits {
    let threads = max(1, threads)
    let bandwidths = try [1 << 15, 1 << 18, 1 << 20, 1 << 23, 1 << 27].map { byteCount in
      Bandwidth(
        byteCount: byteCount,
        bytesPerSecond: try Calibration.bytesPerSecond(workingSet: byteCount, threads: threads))
    }
    return MachineLimits(
      flopsPerSecond: try Calibration.flopsPerSecond(threads: threads), bandwidths: bandwidths)
  }

  /// The nanoseconds that moving bytes takes at least: with the bandwidth of the first size that
  /// holds them, or of the last.
  func nanoseconds(moving byteCount: Int) -> Double {
    let fitting = bandwidths.first { $0.byteCount >= byteCount } ?? bandwidths.last
    guard let fitting, fitting.bytesPerSecond > 0 else { return 0 }
    return Double(byteCount) / fitting.bytesPerSecond * 1e9
  }

  /// The nanoseconds that operations take at least.
  func nanoseconds(single: Int, double: Int) -> Double {
    guard flopsPerSecond > 0 else { return 0 }
    return (Double(single) + 2 * Double(double)) / flopsPerSecond * 1e9
  }
}
