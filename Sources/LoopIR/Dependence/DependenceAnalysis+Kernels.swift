/// Elements of a buffer as ranges that hold them: of their row-major numbers, and of their indices along
/// each axis where addresses split into these.
private struct ElementBox {
  var numbers: ClosedRange<Int>
  var axes: [ClosedRange<Int>]?

  /// Whether no element is in both; both are of buffers of one shape.
  func isApart(from other: ElementBox) -> Bool {
    if !numbers.overlaps(other.numbers) { return true }
    guard let axes, let others = other.axes, axes.count == others.count else { return false }
    return zip(axes, others).contains { !$0.overlaps($1) }
  }
}

extension DependenceAnalysis {
  /// Whether what this kernel does with a buffer touches no element that another kernel writes of a
  /// buffer in the same memory, so that the one may run behind the other.
  ///
  /// - Parameters:
  ///   - slot: The slot of this kernel's buffer.
  ///   - writes: The slot of the other kernel's buffer.
  package func isApart(_ slot: Int, from writes: Int, of other: DependenceAnalysis) -> Bool {
    let types = [(self, slot), (other, writes)].map { analysis, slot in
      analysis.program.buffers[analysis.kernel.slots[slot].index].type
    }
    guard types[0].count == types[1].count,
      types[0].element.byteCount == types[1].element.byteCount
    else { return false }
    let shape = types[0].shape == types[1].shape ? types[0].shape : [types[0].count]
    let own = boxes(of: slot, in: shape) { _ in true }
    let written = other.boxes(of: writes, in: shape) { $0.isWrite }
    guard own.count * written.count <= Self.boxPairLimit else { return false }
    return own.allSatisfy { box in written.allSatisfy { box.isApart(from: $0) } }
  }

  /// So many kernels at most may write parts of a buffer over another one that others still read.
  package static let meetingLimit = 16

  /// More pairs of accesses than these are not looked at.
  private static let boxPairLimit = 4096

  /// Where wanted accesses of a slot are.
  private func boxes(
    of slot: Int, in shape: [Int], where isWanted: (Access) -> Bool
  ) -> [ElementBox] {
    kernel.body.accesses.compactMap { access in
      access.memory == .slot(slot) && isWanted(access) ? box(of: access, in: shape) : nil
    }
  }

  private func box(of access: Access, in shape: [Int]) -> ElementBox {
    let bounds = access.condition.flatMap { guards[$0] }
    let ranges = bounds.map { self.ranges.narrowed(by: $0) } ?? self.ranges
    let subscripts = access.address.subscripts(in: shape, ranges)
    return ElementBox(
      numbers: ranges.range(of: access.address),
      axes: subscripts?.map { ranges.range(of: $0) })
  }

  /// Whether two accesses, of buffers with equally many elements in the same memory, never touch one
  /// element, in whatever iterations they are.
  func isApart(_ access: Access, from other: Access) -> Bool {
    let shapes = Set([access, other].flatMap { self.shapes(of: $0.memory) })
    return shapes.contains { box(of: access, in: $0).isApart(from: box(of: other, in: $0)) }
  }
}
