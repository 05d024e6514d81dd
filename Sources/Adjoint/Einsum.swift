internal import TensorIR

/// The sum of products that an equation of Einstein's convention describes, as NumPy's `einsum`.
///
///     einsum("ij,jk->ik", a, b)       // matrix product
///     einsum("bhid,bhjd->bhij", q, k) // scores of attention
///     einsum("ii", a)                 // trace
///     einsum("...i,...i->...", a, b)  // inner products along the last axis
///
/// Axes with the same letter are multiplied with each other, letters that the result does not name are
/// summed over. A letter twice in one operand means its diagonal; without `->` the result has the
/// letters that occur once, in the order of the alphabet. Products of more than two operands are made
/// in the order that takes the fewest multiplications.
public func einsum<Scalar: TensorNumeric>(
  _ equation: String, _ operands: Tensor<Scalar>..., file: String = #fileID, line: Int = #line
) -> Tensor<Scalar> {
  located(file, line) {
    for operand in operands where operand.node.failure != nil { return operand }
    return Tensor(
      TensorNode.capturing(Scalar.elementType) {
        let labels = try EinsumLabels(equation, shapes: operands.map(\.shape))
        var einsum = Einsum<Scalar>(labels)
        for (operand, names) in zip(operands, labels.operands) {
          einsum.terms.append(try einsum.term(operand, names))
        }
        return einsum.result().node
      })
  }
}

/// The letters of an equation, with those that `...` stands for, and their extents.
private struct EinsumLabels {
  /// The letters of the axes of each operand.
  var operands: [[Character]] = []
  /// The letters of the axes of the result.
  var result: [Character] = []
  /// The extent of each letter.
  var extents: [Character: Int] = [:]
  /// The letters that `...` stands for, which broadcast.
  var broadcasting: Set<Character> = []

  /// - Throws: `AdjointError` where the equation is malformed or does not fit the shapes.
  init(_ equation: String, shapes: [[Int]]) throws {
    let text = equation.filter { !$0.isWhitespace }
    let sides = text.components(separatedBy: "->")
    guard (1...2).contains(sides.count) else { throw Self.malformed(equation, "it has several ->") }
    let inputs = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard inputs.count == shapes.count else {
      throw Self.malformed(
        equation, "it names \(inputs.count) operands, and there are \(shapes.count)")
    }
    let terms = try inputs.map { try Self.letters($0, in: equation) }
    let hiddenCounts = try zip(terms, shapes).map { term, shape in
      let hidden = shape.count - term.filter { $0 != "." }.count
      guard term.contains(".") ? hidden >= 0 : hidden == 0 else {
        throw Self.malformed(equation, "\(String(term)) does not name the axes of shape \(shape)")
      }
      return hidden
    }
    let hiddenCount = hiddenCounts.max() ?? 0
    // Characters of a private area stand for the axes of an ellipsis, aligned at the last one.
    let hidden = (0..<hiddenCount).compactMap { Unicode.Scalar(0xE000 + $0).map(Character.init) }
    broadcasting = Set(hidden)
    operands = zip(terms, hiddenCounts).map { term, count in
      term.flatMap { $0 == "." ? Array(hidden.suffix(count)) : [$0] }
    }
    for (names, shape) in zip(operands, shapes) {
      try note(names, shape, in: equation)
    }
    result = try resultLetters(sides, hidden, in: equation)
  }

  /// The letters of the result, as written or as NumPy's rule says.
  private func resultLetters(
    _ sides: [String], _ hidden: [Character], in equation: String
  ) throws -> [Character] {
    guard sides.count == 2 else {
      let all = operands.flatMap { $0 }.filter { !broadcasting.contains($0) }
      return hidden + Set(all).filter { name in all.count { $0 == name } == 1 }.sorted()
    }
    let names = try Self.letters(sides[1], in: equation).flatMap { $0 == "." ? hidden : [$0] }
    guard Set(names).count == names.count else {
      throw Self.malformed(equation, "the result names an axis twice")
    }
    if let unknown = names.first(where: { extents[$0] == nil }) {
      throw Self.malformed(equation, "no operand has the result's axis \(unknown)")
    }
    return names
  }

  /// Notes the extents of an operand's letters.
  private mutating func note(_ names: [Character], _ shape: [Int], in equation: String) throws {
    for (name, extent) in zip(names, shape) {
      guard let known = extents[name], known != extent else {
        extents[name] = extent
        continue
      }
      guard broadcasting.contains(name), known == 1 || extent == 1 else {
        throw AdjointError(
          .shape, "einsum: \(equation): axis \(name) has extents \(known) and \(extent)")
      }
      extents[name] = known == 1 ? extent : known
    }
  }

  /// The letters of a term, with one point for an ellipsis.
  private static func letters(_ term: String, in equation: String) throws -> [Character] {
    let parts = term.components(separatedBy: "...")
    let letters = Array(parts.joined(separator: "."))
    guard parts.count <= 2, letters.allSatisfy({ $0.isLetter || $0 == "." }),
      letters.count(where: { $0 == "." }) == parts.count - 1
    else { throw malformed(equation, "\(term) is not made of letters and one ...") }
    return letters
  }

  private static func malformed(_ equation: String, _ reason: String) -> AdjointError {
    AdjointError(.argument, "einsum: \(equation): \(reason)")
  }
}

extension String {
  /// The parts between occurrences of a separator.
  fileprivate func components(separatedBy separator: String) -> [String] {
    split(separator: separator, omittingEmptySubsequences: false).map(String.init)
  }
}

/// Terms of a sum of products, contracted one after the other.
private struct Einsum<Scalar: TensorNumeric> {
  /// A tensor and the letters of its axes, each once.
  struct Term {
    var tensor: Tensor<Scalar>
    var names: [Character]
  }

  /// The letters and their extents.
  let labels: EinsumLabels
  /// What is not multiplied yet.
  var terms: [Term] = []

  init(_ labels: EinsumLabels) { self.labels = labels }

  /// An operand with the diagonals of letters that occur twice, without axes that broadcast.
  func term(_ operand: Tensor<Scalar>, _ names: [Character]) throws -> Term {
    var term = Term(tensor: operand, names: names)
    while let twice = term.names.first(where: { name in term.names.count { $0 == name } > 1 }) {
      let axes = term.names.indices.filter { term.names[$0] == twice }
      let others = term.names.indices.filter { $0 != axes[0] && $0 != axes[1] }
      term.tensor = term.tensor.transposed(others + axes.prefix(2)).diagonal()
      term.names = others.map { term.names[$0] } + [twice]
    }
    let narrow = term.names.indices.filter {
      labels.broadcasting.contains(term.names[$0]) && term.tensor.shape[$0] == 1
    }
    term.tensor = term.tensor.squeezed(narrow)
    term.names = term.names.indices.filter { !narrow.contains($0) }.map { term.names[$0] }
    return term
  }

  /// The sum of the products of all terms.
  mutating func result() -> Tensor<Scalar> {
    while terms.count > 1 {
      let (left, right) = nextPair()
      let product = multiply(sumOut(left), sumOut(right))
      terms.remove(at: right)
      terms[left] = product
    }
    guard !terms.isEmpty else { return .literal(1) }
    var last = sumOut(0)
    // Axes that broadcast and have extent one everywhere are missing so far.
    for name in labels.result where !last.names.contains(name) {
      last.names.append(name)
      last.tensor = last.tensor.expandingDims(at: -1)
    }
    return last.tensor.transposed(labels.result.compactMap { last.names.firstIndex(of: $0) })
  }

  /// A term summed over the letters that nothing else needs.
  private func sumOut(_ index: Int) -> Term {
    var term = terms[index]
    let needed = neededNames(apartFrom: [index])
    let axes = term.names.indices.filter { !needed.contains(term.names[$0]) }
    guard !axes.isEmpty else { return term }
    term.tensor = term.tensor.sum(axes)
    term.names = term.names.filter { needed.contains($0) }
    return term
  }

  /// The letters of the result and of all terms but those.
  private func neededNames(apartFrom indices: [Int]) -> Set<Character> {
    let others = terms.indices.filter { !indices.contains($0) }.flatMap { terms[$0].names }
    return Set(labels.result).union(others)
  }

  /// The product of two terms, summed over the letters that nothing else needs.
  private func multiply(_ left: Term, _ right: Term) -> Term {
    let shared = left.names.filter { right.names.contains($0) }
    let needed = remainingNames(left, right)
    let batch = shared.filter { needed.contains($0) }
    let contracted = shared.filter { !needed.contains($0) }
    let names =
      batch + left.names.filter { !shared.contains($0) }
      + right.names.filter { !shared.contains($0) }
    /// The axes of a term that letters name.
    func axes(_ names: [Character], of term: Term) -> [Int] {
      names.compactMap { term.names.firstIndex(of: $0) }
    }
    guard !contracted.isEmpty else {
      let leftTensor = left.tensor.transposed(axes(names, of: left))
      let rightTensor = right.tensor.transposed(axes(names, of: right))
      return Term(
        tensor: aligned(leftTensor, left, names) * aligned(rightTensor, right, names), names: names)
    }
    return Term(
      tensor: dotGeneral(
        left.tensor, right.tensor, batching: (axes(batch, of: left), axes(batch, of: right)),
        contracting: (axes(contracted, of: left), axes(contracted, of: right))), names: names)
  }

  /// A transposed term with axes of extent one for the letters it does not have.
  private func aligned(
    _ tensor: Tensor<Scalar>, _ term: Term, _ names: [Character]
  ) -> Tensor<Scalar> {
    tensor.reshaped(
      to: names.map { term.names.contains($0) ? labels.extents[$0] ?? 1 : 1 })
  }

  /// The letters that the result, or a term that is neither of two, has.
  private func remainingNames(_ left: Term, _ right: Term) -> Set<Character> {
    var counts: [Character: Int] = [:]
    for name in terms.flatMap(\.names) { counts[name, default: 0] += 1 }
    for name in left.names + right.names { counts[name, default: 0] -= 1 }
    return Set(labels.result).union(counts.filter { $0.value > 0 }.keys)
  }

  /// The two terms to multiply next: the first step of the order that costs least, or for many terms
  /// the cheapest step.
  private func nextPair() -> (Int, Int) {
    let names = terms.map { Set($0.names) }
    let order = EinsumOrder(extents: labels.extents, result: Set(labels.result))
    return order.firstPair(of: names, looksAhead: names.count <= 6)
  }
}

/// The order of products that takes the fewest multiplications.
private struct EinsumOrder {
  /// The extent of each letter.
  let extents: [Character: Int]
  /// The letters of the result.
  let result: Set<Character>

  /// The number of elements of a tensor with those letters, as a float because it may be large.
  private func size(_ names: Set<Character>) -> Double {
    names.reduce(1) { $0 * Double(extents[$1] ?? 1) }
  }

  /// The pair to multiply first.
  func firstPair(of terms: [Set<Character>], looksAhead: Bool) -> (Int, Int) {
    best(terms, looksAhead: looksAhead).pair
  }

  /// The least cost of multiplying all terms, or of the next step, and the pair to start with.
  private func best(
    _ terms: [Set<Character>], looksAhead: Bool
  ) -> (cost: Double, pair: (Int, Int)) {
    var best = (cost: Double.infinity, pair: (0, Swift.min(1, terms.count - 1)))
    for left in terms.indices {
      for right in terms.indices where right > left {
        var others = terms
        others.remove(at: right)
        others.remove(at: left)
        let both = terms[left].union(terms[right])
        var cost = size(both)
        let product = both.intersection(others.reduce(result) { $0.union($1) })
        if looksAhead, !others.isEmpty {
          others.insert(product, at: left)
          cost += self.best(others, looksAhead: true).cost
        }
        if cost < best.cost { best = (cost, (left, right)) }
      }
    }
    return best
  }
}
