internal import TensorIR

extension LoopProgram {
  /// A step as text: a kernel, or a loop or branch around indented steps.
  func description(of step: Step) -> String {
    switch step {
    case .kernel(let number): return kernels[number].description(in: self)
    case .loop(let loop):
      var lines = [header(of: loop)]
      if case .condition(let test, let condition) = loop.trips {
        lines = ["repeat \(Self.name(of: loop.counter))\(header(ofCarries: loop))"]
        lines += indented(test) + ["  while \(name(of: condition))"]
      }
      return (lines + indented(loop.body)).joined(separator: "\n")
    case .branch(let branch):
      let isBoolean = buffers[branch.selector.index].type.element == .i1
      var lines = [String]()
      for (number, way) in branch.ways.enumerated() {
        if isBoolean {
          lines.append(number == 0 ? "if \(name(of: branch.selector))" : "else")
        } else {
          let isLast = number == branch.ways.count - 1
          lines.append(
            "case \(name(of: branch.selector)) \(isLast ? "of another value" : "= \(number)")")
        }
        lines += indented(way)
      }
      return lines.joined(separator: "\n")
    case .call(let call): return description(of: call)
    }
  }

  private func header(of loop: StepLoop) -> String {
    guard case .count(let count) = loop.trips else { return "" }
    let range = loop.isReversed ? "reversed 0..<\(count)" : "0..<\(count)"
    let blocks = sharedBlocks(of: loop).map { ", \($0) blocks by themselves" } ?? ""
    return "repeat \(Self.name(of: loop.counter)) in \(range)\(blocks)\(header(ofCarries: loop))"
  }

  /// The index and the carries of a loop.
  private func header(ofCarries loop: StepLoop) -> String {
    var text = loop.index.map { ", index \(name(of: $0))" } ?? ""
    let exchanged = loop.carries.filter { $0.current != $0.next }.map { carry in
      let mark = isInPlace(carry) ? "<-" : movesAlong(carry) ? "->" : "<->"
      return "\(name(of: carry.current)) \(mark) \(name(of: carry.next))"
    }
    if !exchanged.isEmpty { text += ", " + exchanged.joined(separator: ", ") }
    return text
  }

  private func indented(_ steps: [Step]) -> [String] {
    steps.map { description(of: $0) }.joined(separator: "\n")
      .split(separator: "\n", omittingEmptySubsequences: true).map { "  " + $0 }
  }

  private func name(of buffer: BufferID) -> String { buffers[buffer.index].name }

  private static func name(of counter: CounterID) -> String { "s\(counter.index)" }

  /// A view as text: `xs[+64 +16·s0]`, in bytes.
  func description(of view: Buffer.View) -> String {
    var parts = view.strides.map { "\($0.byteCount)·\(Self.name(of: $0.counter))" }
    if view.offset != 0 || parts.isEmpty { parts.insert("\(view.offset)", at: 0) }
    return "\(name(of: view.base)) at " + parts.joined(separator: " + ") + " bytes"
  }
}
