internal import TensorIR

extension Kernel {
  /// The kernel as loops: what it reads and writes, then its statements.
  ///
  /// Scalars are `t` and their number; `memory{i}` is the element at the plain address `i`.
  package func description(in program: LoopProgram) -> String {
    var printer = KernelPrinter(self, in: program)
    var lines = header(printer)
    if !locals.isEmpty {
      let declarations = locals.enumerated().map { position, local in
        "l\(position): \(local.element.rawValue)[\(local.shape.map(String.init).joined(separator: ","))]"
          + (local.isPerLane ? " per lane" : "") + (local.isInScratch ? " in scratch" : "")
      }
      lines.append("  local " + declarations.joined(separator: ", "))
    }
    lines += printer.lines(body, depth: 1).map { "  " + $0 }
    return lines.joined(separator: "\n")
  }

  /// The first line, or two where one would be too long.
  private func header(_ printer: KernelPrinter) -> [String] {
    var read = Set<Int>()
    var written = Set<Int>()
    body.forEachMemory { memory, _, isWritten in
      guard case .slot(let slot) = memory else { return }
      if isWritten { written.insert(slot) } else { read.insert(slot) }
    }
    func list(_ slots: Set<Int>) -> String {
      "("
        + slots.sorted().map { slot in
          "\(printer.name(.slot(slot))): \(printer.buffer(slot)?.type.loopDescription ?? "?")"
        }.joined(separator: ", ") + ")"
    }
    let inputs = "kernel \(name) \(list(read))"
    let outputs = "-> \(list(written))" + sourceComment
    return inputs.count + outputs.count < KernelPrinter.lineWidth
      ? ["\(inputs) \(outputs)"] : [inputs, "       " + outputs]
  }

  /// The lines of source that the kernel comes from, each once, as a comment.
  private var sourceComment: String {
    let limit = 4
    var places = [String]()
    for source in sources where source.isKnown {
      let place = SourceLocation(file: source.file, line: source.line).description
      if !places.contains(place) { places.append(place) }
    }
    guard !places.isEmpty else { return "" }
    let more = places.count > limit ? " and \(places.count - limit) more" : ""
    return "   // " + places.prefix(limit).joined(separator: ", ") + more
  }
}

extension LoopProgram: CustomStringConvertible {
  /// The program's interface and memory, then its kernels in execution order.
  package var description: String {
    var arguments: [(Int, String)] = []
    var results: [(Int, String)] = []
    var lines = ["arena \(arenaByteCount) bytes"]
    for buffer in buffers {
      var declaration = "\(buffer.name): \(buffer.type.loopDescription)"
      if let home = buffer.home { declaration += " in \(buffers[home.index].name)" }
      switch buffer.storage {
      case .argument(let position): arguments.append((position, declaration))
      case .result(let position): results.append((position, declaration))
      case .arena(let offset):
        let place = buffer.home == nil ? " at arena+\(offset)" : ""
        lines.append("buffer \(declaration)\(place), \(buffer.type.byteCount) bytes")
      case .constant(let literal): lines.append("constant \(declaration) = \(literal.excerpt)")
      case .view(let view): lines.append("view \(declaration) = \(description(of: view))")
      }
    }
    func list(_ declarations: [(Int, String)]) -> String {
      "(" + declarations.sorted { $0.0 < $1.0 }.map(\.1).joined(separator: ", ") + ")"
    }
    lines.insert("program \(name) \(list(arguments)) -> \(list(results))", at: 0)
    let parts = [lines.joined(separator: "\n")] + steps.map { description(of: $0) }
    return parts.joined(separator: "\n\n")
  }
}

extension Literal {
  /// The first elements in row-major order.
  fileprivate var excerpt: String {
    let limit = 8
    let shown = (0..<min(type.count, limit)).map { elementText($0) }
    return "[" + (shown + (type.count > limit ? ["…"] : [])).joined(separator: ", ") + "]"
  }
}
