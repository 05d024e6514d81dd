internal import TensorIR

extension Audit {
  /// A place at which a value is needed, and the condition under which it is.
  struct Place: Equatable {
    var index: Int
    var condition: Int?
  }

  /// What is noted of a value that the nest needs.
  struct Note {
    let value: ValueID
    var marks: Marks
    /// How the outermost loop goes over a value that is read from memory; nil for others.
    var walk: OutermostWalk?
    /// How often each element of a reduction would be computed that the nest computes itself: times one
    /// hundred, so 100 is once.
    var fold: Int?
    /// The same for a costly elementwise value.
    var costly: Int?
    /// The same over all places at which it is needed, together.
    var costlyTotal = 0
    /// The length of the chain of values from the root.
    var depth = 0
    /// The first place at which the value is needed.
    var first: Place?
    /// The places at which it is still to be computed.
    var pending: [Place] = []
  }

  /// What holds for a value.
  struct Marks: OptionSet {
    let rawValue: UInt16

    /// It is in memory when the nest runs.
    static let stored = Marks(rawValue: 1)
    /// The kernel writes it and the nest would compute it again.
    static let own = Marks(rawValue: 2)
    /// The kernel computes it at every place that its loops go over.
    static let finished = Marks(rawValue: 4)
    /// It cannot be computed inside a nest at all.
    static let impossible = Marks(rawValue: 8)
    /// The nest would compute it itself.
    static let inside = Marks(rawValue: 16)
    /// The nest takes it from what the kernel it joins computes at the same place.
    static let met = Marks(rawValue: 32)
    /// It would be computed at so many places, and so often each of its elements, that it is better stored, or
    /// it is at the end of so long a chain, or at so long an index, that the nest should be cut there.
    static let crowded = Marks(rawValue: 64)
    /// It is read at another place than the one stored.
    static let readElsewhere = Marks(rawValue: 128)
    /// It serves more than pieces.
    static let common = Marks(rawValue: 256)
  }
}
