/// The thresholds by which code generation decides, in one place; `CostModel` has those of planning and
/// scheduling, and what differs between processors is in `TargetDescription`.
enum EmissionCosts {
  /// Products: tiles, panels and what follows them.
  enum Products {
    /// The depth from which on a tile is worth a call.
    static let leastDepth = 128
    /// The same where sums go straight to where they belong.
    static let leastStoredDepth = 48
    /// So many depths of a tile's rows are made before they are used.
    static let leftDepth = 128
    /// Elements that take less are made where they are used.
    static let leastLeftWeight = 16
    /// Bodies of more work than this for a row stand in a loop.
    static let writtenOutWeight = 14
    /// Bodies of more nodes for a row stand in a loop behind a great depth.
    static let writtenOutNodes = 2
    /// So many products for an element are a great depth.
    static let greatDepth = 256
    /// Up to so many products are added up in one register.
    static let plainDepth = 4096
    /// Parts of a greater depth have so many.
    static let summedDepth = 128
    /// Instructions for each lane of a packed panel.
    static let packingWeight = 5
  }

  /// Loops in lanes, and functions of several scalars at once.
  enum Lanes {
    /// So many independent vectors hide each other's latency.
    static let vectorsSideBySide = 4
    /// Kernels with more elementary functions call those of vectors, and those of numbers in loops.
    static let inlineVectorFunctionLimit = 64
    /// Loops of fewer iterations compute their addresses.
    static let leastFixedUses = 16
    /// So many places are kept in registers.
    static let mostFixedStarts = 6
    /// Functions that take at least as long as so many additions start a vector.
    static let costlyWeight = 8
    /// Instructions for a square that is transposed, in those for an access of memory.
    static let squareWeight = 8
  }

  /// Bodies of a loop for each pattern of its conditions.
  enum Pieces {
    /// Loops that carry out fewer nodes, with those around, have one body.
    static let leastWork = 1 << 15
    /// So many bodies are made for patterns.
    static let patternLimit = 3
    /// A pattern has at least one of so many groups.
    static let leastShare = 8
    /// A stretch of so many groups is long enough for a body of its own.
    static let leastGroups = 2
    /// Larger bodies, counted over vectors side by side, are not repeated.
    static let nodeLimit = 1024
    /// A second version holds at half of the samples.
    static let versionShare = 2
    /// Conditions of conditions are looked at so deep.
    static let depthLimit = 6
  }

  /// Calls of kernels by the entry point.
  enum Calls {
    /// Fewer calls are written out.
    static let leastRun = 8
    /// Entries of more kernels are long.
    static let longEntry = 24
    /// Blocks of straight-line code are not longer.
    static let blockLength = 512
  }

  /// What machine code of little effort loses, and what it saves.
  enum Effort {
    /// The share of a call's time that less effort may cost.
    static let largestLoss = 0.01
    /// A code whose loss is so small a part of that is not worth its effort for certain, about.
    static let noticeableShare = 50.0
    /// What a module costs at level 1 beyond its instructions, in those.
    static let moduleWeight = 30
    /// As how many iterations loops of unknown count are taken to be short, and to be long.
    static let (fewTrips, manyTrips) = (16.0, 1e9)
    /// What of a kernel's bytes the caches hold.
    static let cachedBytes = 256 << 10
    static let nanosecondsPerByte = 0.05
    /// How much longer level 0 takes, as a multiple, and where loops hand values on in registers.
    static let (loss, carryingLoss) = (1.0, 5.0)
    /// What a call of a microkernel takes with the addresses for it.
    static let nanosecondsPerCall = 8.0
    /// An instruction of a vector takes a quarter of a nanosecond.
    static let nanosecondsPerInstruction = 0.25
  }
}
