internal import TensorIR

extension KernelPrinter {
  /// A scalar as it is read: its name, or the expression written at its use.
  func phrase(_ scalar: ScalarID) -> Phrase {
    inlined[scalar] ?? Phrase("t\(scalar.index)", .atom)
  }

  /// A scalar computation.
  func phrase(_ expression: Expression) -> Phrase {
    switch expression {
    case .literal(let literal): return literal.phrase
    case .index(let index, let element):
      let phrase = phrase(index)
      return element == .i64
        ? phrase
        : Phrase(
          "\(element.rawValue)(\(phrase.text))", .atom, readsMemory: phrase.readsMemory)
    case .load(let memory, let address, let condition):
      let element = element(memory, address, isGuarded: condition != nil)
      guard let condition else { return Phrase(element, .atom, readsMemory: true) }
      let test = phrase(condition).text(at: .conjunction)
      return Phrase("\(element) if \(test) else 0", .choice, readsMemory: true)
    case .inBounds(let bounds):
      guard !bounds.isEmpty else { return Phrase("true", .atom) }
      let tests = bounds.map { bound in
        (phrase(bound.index), "\(bound.lower) <= \(phrase(bound.index).text) < \(bound.upper)")
      }
      return Phrase(
        tests.map(\.1).joined(separator: " && "), tests.count == 1 ? .relation : .conjunction,
        readsMemory: tests.contains { $0.0.readsMemory })
    case .apply(let op, let operands): return op.phrase(operands.map { phrase($0) })
    }
  }

  // MARK: Indices

  /// An index, with a positive constant first where everything else is negative.
  func phrase(_ index: IndexExpression) -> Phrase {
    guard !index.terms.isEmpty else {
      return Phrase(index.constant.description, index.constant < 0 ? .prefix : .atom)
    }
    let terms = index.terms.map { (phrase($0), isNegative: $0.coefficient < 0) }
    var text = ""
    let startsWithConstant = index.constant > 0 && terms[0].isNegative
    if startsWithConstant { text = "\(index.constant)" }
    for (term, isNegative) in terms {
      text += isNegative ? "-" : text.isEmpty ? "" : "+"
      text += isNegative ? term.text(at: .product) : term.text
    }
    if index.constant != 0, !startsWithConstant {
      text += index.constant < 0 ? "\(index.constant)" : "+\(index.constant)"
    }
    let isSum = terms.count > 1 || index.constant != 0
    let precedence: Phrase.Precedence =
      isSum
      ? .sum : terms[0].isNegative ? min(.prefix, terms[0].0.precedence) : terms[0].0.precedence
    return Phrase(text, precedence, readsMemory: terms.contains { $0.0.readsMemory })
  }

  /// A term without its sign.
  private func phrase(_ term: IndexExpression.Term) -> Phrase {
    let atom = phrase(term.atom)
    let factor = term.coefficient.magnitude
    guard factor != 1 else { return atom }
    return Phrase("\(atom.text(at: .product))*\(factor)", .product, readsMemory: atom.readsMemory)
  }

  private func phrase(_ atom: IndexExpression.Atom) -> Phrase {
    switch atom {
    case .variable(let variable): return Phrase(name(variable), .atom)
    case .scalar(let scalar): return phrase(scalar)
    case .lookup(let lookup): return Phrase("lookup \(lookup.index)", .sum)
    case .quotient(let inner, let divisor): return divided(inner, "/", divisor)
    case .remainder(let inner, let divisor): return divided(inner, "%", divisor)
    }
  }

  private func divided(_ inner: IndexExpression, _ symbol: String, _ divisor: Int) -> Phrase {
    let whole = phrase(inner)
    return Phrase(
      "\(whole.text(at: .product))\(symbol)\(divisor)", .product, readsMemory: whole.readsMemory)
  }

  // MARK: Memory

  /// An element of memory: subscripts along the axes where the address splits into them, the
  /// address in braces where it does not.
  func element(_ memory: Memory, _ address: IndexExpression, isGuarded: Bool) -> String {
    let name = name(memory)
    guard
      let subscripts = address.subscripts(
        in: shape(memory), ranges, fit: isGuarded ? .overlapping : .inside)
    else { return "\(name){\(phrase(address).text)}" }
    return name + "[" + subscripts.map { phrase($0).text }.joined(separator: ",") + "]"
  }

  /// The name of a buffer or local array.
  func name(_ memory: Memory) -> String {
    switch memory {
    case .slot(let slot): buffer(slot)?.name ?? "slot?\(slot)"
    case .local(let local): "l\(local)"
    }
  }

  private func shape(_ memory: Memory) -> [Int] {
    switch memory {
    case .slot(let slot): buffer(slot)?.type.shape ?? []
    case .local(let local):
      kernel.locals.indices.contains(local) ? kernel.locals[local].shape : []
    }
  }

  /// The buffer behind a slot; nil where the tables do not have it.
  func buffer(_ slot: Int) -> Buffer? {
    guard kernel.slots.indices.contains(slot),
      program.buffers.indices.contains(kernel.slots[slot].index)
    else { return nil }
    return program.buffers[kernel.slots[slot].index]
  }
}
