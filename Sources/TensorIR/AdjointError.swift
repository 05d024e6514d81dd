/// A place in a Swift source file or in a text file, for messages and dumps.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
  /// The file's name as the user wrote it, or `#fileID` for Swift code; empty when unknown.
  public var file: String
  /// The one-based line; zero when unknown.
  public var line: Int {
    get { Int(lineNumber) }
    set { lineNumber = Int32(clamping: newValue) }
  }
  /// The one-based column; zero when unknown.
  public var column: Int {
    get { Int(columnNumber) }
    set { columnNumber = Int32(clamping: newValue) }
  }
  /// Line and column in half of the memory, since each operation has a place.
  private var lineNumber: Int32
  private var columnNumber: Int32
  /// Where the operation stands in what the program does; no part of what is shown of the place.
  package var trail: Trail {
    get { facts?.trail ?? Trail() }
    set { facts = Facts.shared(newValue) }
  }

  /// The trail, in memory that places share, since most have none and operations are copied often; nil
  /// for the plain one.
  private var facts: Facts?
  /// The address of machine code at which a more precise place is to be looked up; zero for none. What is
  /// compared are the other parts.
  var callSite: UInt = 0

  /// Where an operation stands in what a program does: facts that go with its place through all passes.
  package struct Trail: Hashable, Sendable {
    /// Whether a transposition made the operation.
    package var isBackward = false
    /// The `checkpoint` scopes around the operation, outermost first, by number.
    package var scopes: [Int] = []
    /// The name by which the operation's results are kept; empty for none.
    package var name = ""
    /// Whether the text spells attributes out that have their usual value, which is then printed, too.
    var spellsDefaults = false

    package init() {}
  }

  /// Memory of a trail.
  private final class Facts: Sendable {
    let trail: Trail

    init(_ trail: Trail) { self.trail = trail }

    /// A trail without scopes and name.
    private init(isBackward: Bool, spellsDefaults: Bool) {
      var trail = Trail()
      trail.isBackward = isBackward
      trail.spellsDefaults = spellsDefaults
      self.trail = trail
    }

    /// The trail of what a transposition made of operations without one.
    private static let backward = Facts(isBackward: true, spellsDefaults: false)
    /// The trail of operations that spell defaults out.
    private static let spelled = Facts(isBackward: false, spellsDefaults: true)
    /// The trail of what a transposition made of these.
    private static let spelledBackward = Facts(isBackward: true, spellsDefaults: true)

    /// Memory of a trail; nil for the plain one.
    static func shared(_ trail: Trail) -> Facts? {
      guard trail.scopes.isEmpty, trail.name.isEmpty else { return Facts(trail) }
      if trail.spellsDefaults { return trail.isBackward ? spelledBackward : spelled }
      return trail.isBackward ? backward : nil
    }
  }

  /// Creates a location; zero marks an unknown line or column.
  public init(file: String, line: Int, column: Int = 0) {
    self.file = file
    lineNumber = Int32(clamping: line)
    columnNumber = Int32(clamping: column)
  }

  /// The place of something that has none.
  public static let unknown = SourceLocation(file: "", line: 0)

  /// Whether the places are one, with equal scopes and names; what a transposition made of an operation
  /// has its place.
  public static func == (left: SourceLocation, right: SourceLocation) -> Bool {
    left.line == right.line && left.column == right.column && left.file == right.file
      && left.trail.scopes == right.trail.scopes && left.trail.name == right.trail.name
  }

  /// What the comparison leaves out and texts or memory plans depend on.
  package var hidden: [UInt] { [trail.isBackward ? 1 : 0, callSite] }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(line)
    hasher.combine(column)
    hasher.combine(file)
  }

  /// Whether another place has the same trail.
  func hasTrail(of other: SourceLocation) -> Bool {
    facts === other.facts || trail == other.trail
  }

  /// Forgets which attributes the text spells out though they have their usual value.
  package mutating func forgetSpelling() {
    if let facts, facts.trail.spellsDefaults { trail.spellsDefaults = false }
  }

  /// The same place, of an operation that a transposition makes.
  package var backward: SourceLocation {
    var place = self
    place.trail.isBackward = true
    return place
  }

  /// Whether the place names a file.
  public var isKnown: Bool { !file.isEmpty }

  /// `file:line:column`, leaving out what is unknown.
  public var description: String {
    if callSite != 0 { return resolved.description }
    guard isKnown else { return "<unknown>" }
    if line == 0 { return file }
    return column == 0 ? "\(file):\(line)" : "\(file):\(line):\(column)"
  }
}

/// Everything that can go wrong because of what a user passed in, said in one line with its place.
public struct AdjointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What kind of mistake it was.
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Text that does not parse.
    case syntax
    /// Operands or attributes that break an op's typing rule.
    case type
    /// Shapes that do not fit together.
    case shape
    /// An op, element type or form that is not known or not supported here.
    case unsupported
    /// Something that cannot be differentiated.
    case notDifferentiable
    /// Arguments of a call that do not match what was compiled or asked for.
    case argument
    /// A memory budget that no plan fits.
    case memory
    /// A file that cannot be read or written, or whose contents are not as expected.
    case file
    /// A derivative, or machine code, that a check found wrong.
    case verification
    /// The machine or its libraries do not allow what was asked.
    case system
  }

  /// What kind of mistake it was.
  public var kind: Kind
  /// One line that says what is wrong, without the place.
  public var message: String
  /// Where it is wrong.
  public var location: SourceLocation

  /// Creates an error; line breaks in `message` become spaces.
  public init(_ kind: Kind, _ message: String, at location: SourceLocation = .unknown) {
    self.kind = kind
    self.message = String(message.map { $0.isNewline ? " " : $0 })
    self.location = location.resolved
  }

  /// `place: message`, or the message alone where the place is unknown.
  public var description: String {
    location.isKnown ? "\(location): \(message)" : message
  }

  /// The same error, placed at `location` unless it already has a place.
  package func placed(at location: SourceLocation) -> AdjointError {
    self.location.isKnown ? self : AdjointError(kind, message, at: location)
  }
}
