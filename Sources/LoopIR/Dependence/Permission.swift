/// Whether a transformation of a loop tree keeps what the kernel computes, as far as is known.
package enum Permission: Hashable, Sendable {
  case granted
  case refused(Refusal)

  /// Whether the transformation may be done.
  package var isGranted: Bool { self == .granted }

  /// Why not; nil where it may be done.
  package var refusal: Refusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }
}

/// Why a transformation would change what a kernel computes.
package enum Refusal: Hashable, Sendable {
  /// Iterations that would change their order touch one element, which one of them writes.
  case meeting(Memory)
  /// The loop sums something up.
  case sum
  /// An iteration takes what the one before left.
  case carry
  /// A product stands in the loop.
  case product
  /// The loops do not stand as the transformation needs them.
  case shape
}
