/// K4: iterations of a parallel loop touch different elements of what they write.
///
/// Each access is seen as a list of subscripts. Along one axis a subscript is `C·p + r` with `p` the
/// loop's variable, or a quotient or remainder of it, and `r` in an interval. Where all accesses of
/// a buffer have one `C`, and the intervals together are narrower than it, different `p` mean
/// different subscripts, hence different elements.
struct SeparationCheck {
  /// What of the parallel variable a subscript depends on.
  enum Part: Hashable {
    case whole
    case quotient(Int)
    case remainder(Int)
  }

  /// A subscript as `coefficient · part + rest`.
  struct Form: Hashable {
    var part: Part
    var coefficient: Int
    var rest: ClosedRange<Int>
  }

  /// The steps in which a variable follows a part: it lies in `step · part ..< step · (part + 1)`.
  struct Follower: Hashable {
    var part: Part
    var step: Int
  }

  /// An access and what its variables follow.
  private struct Place {
    var access: Access
    var followers: [VariableID: Follower]
  }

  private let verifier: KernelVerifier
  private let loop: Loop
  private let variable: VariableID
  private let extent: Int
  private var places: [Place] = []

  init(_ loop: Loop, _ verifier: KernelVerifier) {
    self.verifier = verifier
    self.loop = loop
    variable = loop.variable
    extent = verifier.kernel.variables[variable.index].extent
    collect(loop.body, followers: [variable: Follower(part: .whole, step: 1)])
  }

  private mutating func collect(_ nodes: [Node], followers: [VariableID: Follower]) {
    for node in nodes {
      places += Access.all(of: node).map { Place(access: $0, followers: followers) }
      switch node {
      case .define, .store, .accumulate: break
      case .loop(let inner):
        var followers = followers
        if case .block(let block, let size) = inner.range, let leader = followers[block] {
          let (step, overflow) = leader.step.multipliedReportingOverflow(by: size)
          followers[inner.variable] = overflow ? nil : Follower(part: leader.part, step: step)
        }
        collect(inner.body, followers: followers)
      case .contract(let contract):
        var parts: [VariableID: Follower] = followers
        for (variable, follower) in self.followers(in: contract) { parts[variable] = follower }
        for nodes in [contract.left.body, contract.right.body, contract.body] {
          collect(nodes, followers: parts)
        }
      }
    }
  }

  /// The row and column of a product whose blocks the parallel loop counts.
  private func followers(in contract: Contract) -> [VariableID: Follower] {
    guard let block = contract.block, block.variable == variable else { return [:] }
    let shape = contract.blockShape(block, in: verifier.kernel)
    var followers: [VariableID: Follower] = [:]
    if shape.columns == 1 {
      followers[contract.row] = Follower(part: .whole, step: block.rows)
    } else if shape.rows == 1 {
      followers[contract.column] = Follower(part: .whole, step: block.columns)
    } else {
      followers[contract.row] = Follower(part: .remainder(shape.rows), step: block.rows)
      followers[contract.column] = Follower(part: .quotient(shape.rows), step: block.columns)
    }
    return followers
  }

  /// Checks every buffer that the loop writes.
  func verify() throws {
    guard extent > 1 else { return }
    let written = places.compactMap { place -> Int? in
      guard place.access.isWrite, case .slot(let slot) = place.access.memory else { return nil }
      return slot
    }
    for slot in Set(written).sorted() {
      let places = places.filter { $0.access.memory == .slot(slot) }
      let buffer = verifier.program.buffers[verifier.kernel.slots[slot].index]
      let views =
        [[1], buffer.type.shape] + places.prefix(1).map { radix($0.access.address) }
        + parts(of: places)
      let isSeparate = views.contains { shape in
        isSeparated(places.map { forms($0, shape: shape) })
      }
      try verifier.require(
        isSeparate,
        "K4: iterations of \(verifier.name(variable)) may meet in the elements of \(buffer.name)")
    }
  }

  /// Whether the parts that the axes tell apart determine the iteration.
  ///
  /// - Parameter accesses: for each access the form along each axis; nil along an axis where
  ///   nothing is known.
  private func isSeparated(_ accesses: [[Form?]]) -> Bool {
    guard let first = accesses.first, accesses.allSatisfy({ $0.count == first.count }) else {
      return false
    }
    var parts = Set<Part>()
    for axis in first.indices {
      let forms = accesses.compactMap { $0[axis] }
      guard let form = forms.first, forms.count == accesses.count,
        forms.allSatisfy({ $0.part == form.part && $0.coefficient == form.coefficient })
      else { continue }
      let rest = forms.reduce(form.rest) { $0.union($1.rest) }
      let (width, overflow) = rest.upperBound.subtractingReportingOverflow(rest.lowerBound)
      if !overflow, width < form.coefficient.magnitude { parts.insert(form.part) }
    }
    return parts.contains { part in
      switch part {
      case .whole: true
      case .quotient(let divisor): parts.contains(.remainder(divisor))
      case .remainder(let divisor): divisor >= extent
      }
    }
  }

  // MARK: Forms

  /// A shape whose strides are the address's coefficients, where each divides the next; only the
  /// outermost extent, which does not matter, is made up.
  private func radix(_ address: IndexExpression) -> [Int] {
    var shape = [1]
    var stride = 1
    for coefficient in Set(address.terms.map { Int(clamping: $0.coefficient.magnitude) }).sorted() {
      guard coefficient.isMultiple(of: stride) else { return [1] }
      if coefficient > stride { shape.insert(coefficient / stride, at: 1) }
      stride = coefficient
    }
    return shape
  }

  /// The shape of equal parts of a buffer that accesses go through side by side, such as the
  /// operands of a concatenation.
  private func parts(of places: [Place]) -> [[Int]] {
    let starts = Set(places.map(\.access.address.constant)).sorted()
    let lengths = zip(starts, starts.dropFirst()).map { $1 - $0 }
    return lengths.min().map { [[1, $0]] } ?? []
  }

  /// The form of each subscript in a shape; empty where the address does not split.
  private func forms(_ place: Place, shape: [Int]) -> [Form?] {
    let subscripts = place.access.address.subscripts(
      in: shape, verifier.ranges, fit: .insideBelowOutermost)
    return subscripts?.map { form($0, place.followers) } ?? []
  }

  /// A subscript as a multiple of one part plus a rest; nil where it depends on two parts.
  private func form(_ index: IndexExpression, _ followers: [VariableID: Follower]) -> Form? {
    var form: Form?
    var rest = index.constant...index.constant
    for term in index.terms {
      let coefficient = term.coefficient...term.coefficient
      guard let follower = follower(of: term.atom, followers) else {
        rest = rest.adding(verifier.ranges.range(of: term.atom).multiplied(by: coefficient))
        continue
      }
      let (step, overflow) = follower.step.multipliedReportingOverflow(by: term.coefficient)
      guard !overflow, form == nil || form?.part == follower.part else { return nil }
      let (sum, sumOverflow) = (form?.coefficient ?? 0).addingReportingOverflow(step)
      guard !sumOverflow else { return nil }
      form = Form(part: follower.part, coefficient: sum, rest: 0...0)
      rest = rest.adding((0...(follower.step - 1)).multiplied(by: coefficient))
    }
    form?.rest = rest
    return rest == .unknown ? nil : form
  }

  /// What an atom follows: a variable its leader, and a quotient or remainder of the parallel
  /// variable, or of a variable that follows it, the quotient or remainder.
  private func follower(
    of atom: IndexExpression.Atom, _ followers: [VariableID: Follower]
  ) -> Follower? {
    switch atom {
    case .variable(let variable): return followers[variable]
    case .scalar: return nil
    case .quotient(let inner, let divisor):
      guard let leader = leader(inner, followers) else { return nil }
      if leader.step.isMultiple(of: divisor) {
        return Follower(part: leader.part, step: leader.step / divisor)
      }
      guard leader.part == .whole, divisor.isMultiple(of: leader.step) else { return nil }
      return Follower(part: .quotient(divisor / leader.step), step: 1)
    case .remainder(let inner, let divisor):
      guard let leader = leader(inner, followers), leader.part == .whole,
        divisor.isMultiple(of: leader.step), divisor > leader.step
      else { return nil }
      return Follower(part: .remainder(divisor / leader.step), step: leader.step)
    }
  }

  /// What an expression that is one variable follows.
  private func leader(
    _ index: IndexExpression, _ followers: [VariableID: Follower]
  ) -> Follower? {
    guard index.constant == 0, index.terms.count == 1, index.terms[0].coefficient == 1,
      case .variable(let variable) = index.terms[0].atom
    else { return nil }
    return followers[variable]
  }
}

extension Kernel {
  /// Whether iterations of the kernel's parallel loops touch different elements of what they write, as
  /// far as can be shown (K4).
  package func hasSeparateIterations(in program: LoopProgram) -> Bool {
    guard let verifier = try? KernelVerifier(self, in: program) else { return false }
    return body.allSatisfy { node in
      guard case .loop(let loop) = node, loop.schedule == .parallel else { return true }
      return (try? SeparationCheck(loop, verifier).verify()) != nil
    }
  }
}
