/// A number of bytes.
public struct ByteCount: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// How many bytes.
  public var bytes: Int

  /// That many bytes.
  public static func bytes(_ count: Int) -> ByteCount { ByteCount(bytes: count) }
  /// That many thousands of bytes.
  public static func kilobytes(_ count: Double) -> ByteCount { ByteCount(count, unit: 1e3) }
  /// That many millions of bytes.
  public static func megabytes(_ count: Double) -> ByteCount { ByteCount(count, unit: 1e6) }
  /// That many thousands of millions of bytes.
  public static func gigabytes(_ count: Double) -> ByteCount { ByteCount(count, unit: 1e9) }

  private init(bytes: Int) { self.bytes = bytes }

  private init(_ count: Double, unit: Double) {
    let bytes = count * unit
    // Anything beyond an `Int`, and what is no number, is no limit or no room.
    self.bytes = bytes >= 0x1p62 ? 1 << 62 : bytes > 0 ? Int(bytes) : 0
  }

  /// The count that text names, such as `200MB`, `1.5GB`, `64KiB` or `4096`; nil for other text.
  public init?(_ text: String) {
    let units: [(suffix: String, factor: Double)] = [
      ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("KB", 1e3), ("kB", 1e3), ("MB", 1e6),
      ("GB", 1e9), ("B", 1), ("", 1),
    ]
    guard let unit = units.first(where: { text.hasSuffix($0.suffix) }),
      let count = Double(text.dropLast(unit.suffix.count)), count >= 0, count.isFinite
    else { return nil }
    self.init(count, unit: unit.factor)
  }

  /// Whether a count is less than another.
  public static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  /// The exact number of bytes, as `1024 bytes`.
  public var description: String { "\(bytes) bytes" }
}

/// Which values of the forward computation are kept for the backward one; what is not kept is computed
/// again where it is needed.
public enum Rematerialization: Hashable, Sendable {
  /// What costs next to nothing to compute again is; under a budget more, as far as needed.
  case automatic
  /// Everything that is in memory is kept.
  case saveAll
  /// Nothing but arguments is kept.
  case saveNothing
  /// Results of matrix products are kept.
  case saveProducts
  /// Values tagged by `saved(_:as:)` with one of these names are kept.
  case save(named: Set<String>)
}

/// What the caller wants of the memory plan.
package struct MemoryOptions: Hashable, Sendable {
  /// The most bytes of temporary memory a call may need; nil for any number.
  package var budget: Int?
  /// What is kept for the backward computation.
  package var policy: Rematerialization

  /// Options; no budget and the automatic choice if not given.
  package init(budget: Int? = nil, policy: Rematerialization = .automatic) {
    self.budget = budget
    self.policy = policy
  }
}
