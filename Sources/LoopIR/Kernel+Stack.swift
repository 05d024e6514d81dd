internal import TensorIR

extension Kernel {
  /// The bytes that a kernel's local arrays may take on the stack of a thread, of which some have 512 KB;
  /// a product's panels and sums stand there besides. Arrays beyond it are in scratch memory.
  package static let stackByteLimit = 192 << 10

  /// Whether the kernel takes memory from the process while it runs, which there may be none of.
  package var usesScratch: Bool { locals.contains(where: \.isInScratch) }

  /// The bytes that local arrays take on the stack.
  package var stackByteCount: Int {
    let lanes = largestVector
    return locals.reduce(0) { sum, local in
      guard !local.isInScratch else { return sum }
      let (bytes, overflow) = sum.addingReportingOverflow(local.byteCount(lanes: lanes))
      return overflow ? .max : bytes
    }
  }

  /// The greatest number of iterations that a vector loop of the kernel works on at a time.
  package var largestVector: Int {
    var largest = 1
    body.forEachNode { node in
      guard case .loop(let loop) = node, case .vector(let width, let interleave) = loop.schedule
      else { return }
      largest = max(largest, width.multipliedReportingOverflow(by: interleave).partialValue)
    }
    return largest
  }
}

extension Kernel.Local {
  /// The bytes of the array, or of those of so many lanes.
  package func byteCount(lanes: Int) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: element.byteCount)
    let (all, overflows) = bytes.multipliedReportingOverflow(by: isPerLane ? lanes : 1)
    return overflow || overflows ? .max : all
  }
}
