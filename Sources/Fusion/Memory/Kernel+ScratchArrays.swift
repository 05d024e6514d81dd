internal import LoopIR

extension Kernel {
  /// Puts local arrays in scratch memory, the largest first, until the others fit their part of a thread's
  /// stack.
  mutating func moveLargeArraysToScratch() {
    var rest = stackByteCount
    guard rest > Self.stackByteLimit else { return }
    let lanes = largestVector
    let sizes = locals.map { $0.byteCount(lanes: lanes) }
    for local in locals.indices.sorted(by: { (sizes[$1], $0) < (sizes[$0], $1) })
    where rest > Self.stackByteLimit && !locals[local].isInScratch {
      locals[local].isInScratch = true
      rest = stackByteCount
    }
  }
}
