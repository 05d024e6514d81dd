/// The operations of a function while it is recorded, to be found by what they compute.
///
/// Most operations read a value that was made just before. So an operation is noted beside the latest value
/// it reads: the places in memory that are looked at move on with the function, where those of a hash table
/// are all over it and none is in a cache once there are many. What finds no place there, as the hundredth
/// function of one argument, is in a hash table.
struct RecentExpressions: Sendable {
  /// Where a search ended.
  enum Place {
    /// At the position of an equal operation.
    case found(Int)
    /// At a free place beside the latest value.
    case vacant(Int, hash: UInt32)
    /// At a free place of the hash table.
    case distant(ExpressionTable.Slot)
  }

  /// A position, counted from one so that zero is a free place, and the operation's hash.
  private struct Entry {
    var number: UInt32 = 0
    var hash: UInt32 = 0
  }

  /// A group of places for each two values, from the first one on.
  private var groups: [Entry] = []
  /// The values before the first one that has places, in pairs.
  private let firstGroup: Int
  /// The operations that found no place.
  private var others = ExpressionTable()

  /// Nothing is noted yet; values before some number have no places of their own.
  init(from first: Int = 0) { firstGroup = first / 2 }

  /// The places of a group.
  private static let groupCount = 4

  /// Makes sure that there is a place for an operation whose latest operand is `latest`.
  @inline(__always)
  mutating func makeRoom(beside latest: ValueID?) {
    others.makeRoom()
    guard let latest else { return }
    let group = latest.index / 2 - firstGroup
    if (group + 1) * Self.groupCount > groups.count { addGroup(group) }
  }

  /// Where an operation stands for which `isEqual` holds, or could stand.
  ///
  /// - Parameter latest: the latest value it reads; nil where it reads none.
  /// - Requires: there is room.
  @inline(__always)
  func find(
    _ hash: UInt32, latest: ValueID?, where isEqual: (Int) -> Bool
  ) -> Place {
    if let latest, latest.index / 2 >= firstGroup {
      let start = (latest.index / 2 - firstGroup) * Self.groupCount
      for place in start..<(start + Self.groupCount) {
        let entry = groups[place]
        if entry.number == 0 { return .vacant(place, hash: hash) }
        if entry.hash == hash, isEqual(Int(entry.number) - 1) {
          return .found(Int(entry.number) - 1)
        }
      }
    }
    switch others.find(hash, where: isEqual) {
    case .found(let position): return .found(position)
    case .vacant(let slot): return .distant(slot)
    }
  }

  /// Notes an operation at a place that `find` gave, with no other one in between.
  @inline(__always)
  mutating func insert(position: Int, at place: Place) {
    switch place {
    case .vacant(let place, let hash):
      groups[place] = Entry(number: UInt32(position + 1), hash: hash)
    case .distant(let slot): others.insert(position: position, at: slot)
    case .found: break
    }
  }

  /// Adds free places up to those of a group.
  private mutating func addGroup(_ group: Int) {
    let count = (group + 1) * Self.groupCount
    while groups.count < count { groups.appendGrowing(Entry()) }
  }
}
