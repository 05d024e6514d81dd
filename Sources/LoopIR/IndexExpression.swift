package import TensorIR

/// A loop variable of a kernel, by its place in the kernel's variable table.
package struct VariableID: Hashable, Sendable, Comparable {
  package var index: Int

  @inlinable
  package init(_ index: Int) { self.index = index }

  @inlinable
  package static func == (left: VariableID, right: VariableID) -> Bool { left.index == right.index }

  @inlinable
  package static func < (left: VariableID, right: VariableID) -> Bool { left.index < right.index }

  @inlinable
  package func _rawHashValue(seed: Int) -> Int { index.scattered(by: seed) }
}

/// A scalar value of a kernel, by its place in the kernel's scalar table.
package struct ScalarID: Hashable, Sendable, Comparable {
  package var index: Int

  @inlinable
  package init(_ index: Int) { self.index = index }

  @inlinable
  package static func == (left: ScalarID, right: ScalarID) -> Bool { left.index == right.index }

  @inlinable
  package static func < (left: ScalarID, right: ScalarID) -> Bool { left.index < right.index }

  @inlinable
  package func _rawHashValue(seed: Int) -> Int { index.scattered(by: seed) }
}

/// An integer that a formula looks up in a tensor, by its place in a table of whoever reads formulas.
package struct LookupID: Hashable, Sendable {
  package var index: Int

  @inlinable
  package init(_ index: Int) { self.index = index }

  @inlinable
  package static func == (left: LookupID, right: LookupID) -> Bool { left.index == right.index }
}

/// An integer computed from loop variables: a constant plus a sum of atoms times coefficients.
///
/// Affine maps are the normal case; a reshape that splits an axis which is not in memory order adds
/// quotients and remainders, and a gather adds an integer read from a tensor.
package struct IndexExpression: Hashable, Sendable {
  /// What a coefficient multiplies.
  package enum Atom: Hashable, Sendable {
    /// A loop variable.
    case variable(VariableID)
    /// An integer scalar of the kernel, such as a looked-up index.
    case scalar(ScalarID)
    /// An integer that a formula looks up; in a kernel it is a scalar.
    case lookup(LookupID)
    /// The expression divided by a positive constant, rounded down.
    indirect case quotient(IndexExpression, Int)
    /// The expression modulo a positive constant.
    indirect case remainder(IndexExpression, Int)
  }

  /// An atom and what it is multiplied with.
  package struct Term: Hashable, Sendable {
    package var atom: Atom
    package var coefficient: Int

    @inlinable
    package init(atom: Atom, coefficient: Int) {
      self.atom = atom
      self.coefficient = coefficient
    }
  }

  /// The part that does not vary.
  package var constant: Int
  /// The varying part: distinct atoms in order of first use, with coefficients other than zero.
  package var terms: [Term]

  /// Hashes a number that is made of all terms: planning looks up indices more than anything else, and each
  /// part of its own would take the keyed hash function as long.
  package func hash(into hasher: inout Hasher) { hasher.combine(digest) }

  /// A number that differs for most different expressions.
  private var digest: UInt {
    var digest = UInt(bitPattern: constant)
    for term in terms {
      let atom: UInt =
        switch term.atom {
        case .variable(let variable): UInt(bitPattern: variable.index) << 2
        case .scalar(let scalar): UInt(bitPattern: scalar.index) << 2 | 1
        case .lookup(let lookup): UInt(bitPattern: ~lookup.index) << 2 | 1
        case .quotient(let inner, let divisor):
          (inner.digest ^ UInt(bitPattern: divisor)) << 2 | 2
        case .remainder(let inner, let divisor):
          (inner.digest ^ UInt(bitPattern: divisor)) << 2 | 3
        }
      digest = (digest ^ atom) &* 0x9E37_79B9_7F4A_7C15
      digest = (digest ^ digest >> 29) &+ UInt(bitPattern: term.coefficient)
    }
    return digest
  }

  /// A constant.
  @inlinable
  package init(_ constant: Int) {
    self.constant = constant
    terms = []
  }

  /// One variable.
  @inlinable
  package init(_ variable: VariableID) {
    constant = 0
    terms = [Term(atom: .variable(variable), coefficient: 1)]
  }

  /// One atom.
  @inlinable
  package init(_ atom: Atom) {
    constant = 0
    terms = [Term(atom: atom, coefficient: 1)]
  }

  /// The value where nothing varies.
  @inlinable
  package var constantValue: Int? { terms.isEmpty ? constant : nil }

  /// The coefficient of a variable that occurs only in affine position; nil where it occurs inside
  /// a quotient or remainder.
  package func coefficient(of variable: VariableID) -> Int? {
    var coefficient = 0
    for term in terms {
      switch term.atom {
      case .variable(let other): if other == variable { coefficient = term.coefficient }
      case .scalar, .lookup: break
      case .quotient(let inner, _), .remainder(let inner, _):
        if inner.uses(variable) { return nil }
      }
    }
    return coefficient
  }

  /// Whether the variable occurs anywhere.
  package func uses(_ variable: VariableID) -> Bool {
    terms.contains { term in
      switch term.atom {
      case .variable(let other): other == variable
      case .scalar, .lookup: false
      case .quotient(let inner, _), .remainder(let inner, _): inner.uses(variable)
      }
    }
  }

  /// Calls `body` with every variable, once per occurrence.
  @inlinable
  package func forEachVariable(_ body: (VariableID) -> Void) {
    for term in terms {
      switch term.atom {
      case .variable(let variable): body(variable)
      case .scalar, .lookup: break
      case .quotient(let inner, _), .remainder(let inner, _): inner.forEachVariable(body)
      }
    }
  }

  /// The number of variables and scalars in the expression, each as often as it is written.
  package var size: Int {
    terms.reduce(0) { sum, term in
      switch term.atom {
      case .variable, .scalar, .lookup: sum + 1
      case .quotient(let inner, _), .remainder(let inner, _): sum + inner.size
      }
    }
  }

  /// Whether the value depends on scalars or on integers read from a tensor.
  package var isLookedUp: Bool { terms.contains { $0.atom.isLookedUp } }

  /// The terms that depend on loop variables alone, with the constant, and those that depend on
  /// scalars.
  package var partsLookedUp: (fixed: IndexExpression, lookedUp: IndexExpression) {
    var (fixed, lookedUp) = (self, IndexExpression(0))
    lookedUp.terms = terms.filter { $0.atom.isLookedUp }
    fixed.terms.removeAll { lookedUp.terms.contains($0) }
    return (fixed, lookedUp)
  }

  /// Calls `body` with every scalar, once per occurrence.
  @inlinable
  package func forEachScalar(_ body: (ScalarID) -> Void) {
    for term in terms {
      switch term.atom {
      case .variable, .lookup: break
      case .scalar(let scalar): body(scalar)
      case .quotient(let inner, _), .remainder(let inner, _): inner.forEachScalar(body)
      }
    }
  }

  /// The expression with every variable and scalar replaced.
  package func substituting(
    variable: (VariableID) -> IndexExpression,
    scalar: (ScalarID) -> IndexExpression = { IndexExpression(.scalar($0)) }
  ) -> IndexExpression {
    var result = IndexExpression(constant)
    for term in terms {
      let atom: IndexExpression =
        switch term.atom {
        case .variable(let id): variable(id)
        case .scalar(let id): scalar(id)
        case .lookup: IndexExpression(term.atom)
        case .quotient(let inner, let divisor):
          inner.substituting(variable: variable, scalar: scalar).divided(by: divisor)
        case .remainder(let inner, let divisor):
          inner.substituting(variable: variable, scalar: scalar).remainder(by: divisor)
        }
      result += atom * term.coefficient
    }
    return result
  }

  /// Whether the two are equal but for the order of their terms.
  package func hasSameTerms(as other: IndexExpression) -> Bool {
    constant == other.constant && Set(terms) == Set(other.terms)
  }

  package static func += (left: inout IndexExpression, right: IndexExpression) {
    left.constant += right.constant
    for term in right.terms { left.add(term) }
  }

  package static func + (left: IndexExpression, right: IndexExpression) -> IndexExpression {
    var sum = left
    sum += right
    return sum
  }

  package static func + (left: IndexExpression, right: Int) -> IndexExpression {
    var sum = left
    sum.constant += right
    return sum
  }

  package static func * (left: IndexExpression, right: Int) -> IndexExpression {
    if right == 1 { return left }
    guard right != 0 else { return IndexExpression(0) }
    var product = left
    product.constant *= right
    for position in product.terms.indices { product.terms[position].coefficient *= right }
    return product
  }

  /// The floor of the expression divided by a positive constant.
  package func divided(by divisor: Int) -> IndexExpression {
    if divisor == 1 { return self }
    if let value = constantValue { return IndexExpression(value.flooredQuotient(by: divisor)) }
    let (multiples, rest) = split(by: divisor)
    if let value = rest.constantValue {
      return multiples + value.flooredQuotient(by: divisor)
    }
    return multiples + IndexExpression(.quotient(rest, divisor))
  }

  /// The expression modulo a positive constant, between zero and the constant.
  package func remainder(by divisor: Int) -> IndexExpression {
    if divisor == 1 { return IndexExpression(0) }
    let (_, rest) = split(by: divisor)
    if let value = rest.constantValue {
      return IndexExpression(value - value.flooredQuotient(by: divisor) * divisor)
    }
    return IndexExpression(.remainder(rest, divisor))
  }

  /// The parts `(q, r)` with `self = q·divisor + r` where `q` takes all terms that are multiples.
  private func split(by divisor: Int) -> (IndexExpression, IndexExpression) {
    var multiples = IndexExpression(constant.flooredQuotient(by: divisor))
    var rest = IndexExpression(constant - multiples.constant * divisor)
    for term in terms {
      if term.coefficient.isMultiple(of: divisor) {
        multiples.terms.append(
          Term(atom: term.atom, coefficient: term.coefficient / divisor))
      } else {
        rest.terms.append(term)
      }
    }
    return (multiples, rest)
  }

  /// Adds a term, joining equal atoms and `d·(e/d) + e%d = e`.
  private mutating func add(_ term: Term) {
    if let position = terms.firstIndex(where: { $0.atom == term.atom }) {
      terms[position].coefficient += term.coefficient
      if terms[position].coefficient == 0 { terms.remove(at: position) }
      return
    }
    for (position, other) in terms.enumerated() {
      if let whole = Self.joined(term, other) ?? Self.joined(other, term) {
        terms.remove(at: position)
        self += whole
        return
      }
    }
    terms.append(term)
  }

  /// `c·e` for a quotient term `c·d·(e/d)` and a remainder term `c·(e%d)`, where `e/d` may also be
  /// written `f/(b·d)` for an `e` that is `f/b`, and `e%d` be written `f%d` for an `e` that is
  /// `f%(b·d)`.
  private static func joined(_ quotient: Term, _ remainder: Term) -> IndexExpression? {
    guard case .quotient(let whole, let divisor) = quotient.atom,
      case .remainder(let part, let modulus) = remainder.atom,
      quotient.coefficient == remainder.coefficient * modulus
    else { return nil }
    if divisor == modulus, whole.isRemainder(of: part, byMultipleOf: modulus) {
      return whole * remainder.coefficient
    }
    guard
      (whole == part && divisor == modulus)
        || part.isQuotient(of: whole, by: divisor, over: modulus)
    else { return nil }
    return part * remainder.coefficient
  }

  /// Whether the expression is `part % (b·modulus)` for some `b`.
  private func isRemainder(of part: IndexExpression, byMultipleOf modulus: Int) -> Bool {
    guard constant == 0, terms.count == 1, terms[0].coefficient == 1,
      case .remainder(part, let multiple) = terms[0].atom
    else { return false }
    return multiple.isMultiple(of: modulus)
  }

  /// Whether the expression is `whole / (divisor / modulus)`.
  private func isQuotient(of whole: IndexExpression, by divisor: Int, over modulus: Int) -> Bool {
    divisor.isMultiple(of: modulus) && self == IndexExpression(.quotient(whole, divisor / modulus))
  }
}

extension IndexExpression.Atom {
  /// Whether the value depends on scalars or on integers read from a tensor.
  fileprivate var isLookedUp: Bool {
    switch self {
    case .variable: false
    case .scalar, .lookup: true
    case .quotient(let inner, _), .remainder(let inner, _): inner.isLookedUp
    }
  }
}

extension Int {
  /// The quotient rounded towards negative infinity.
  ///
  /// - Requires: `divisor > 0`.
  package func flooredQuotient(by divisor: Int) -> Int {
    self >= 0 ? self / divisor : -((divisor - 1 - self) / divisor)
  }
}
