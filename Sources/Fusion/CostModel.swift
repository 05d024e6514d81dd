/// What planning and scheduling weigh with, in one place.
///
/// Work is in instructions, of vectors where lanes are meant; memory is in bytes. What differs between
/// processors is in `TargetDescription`. `dump --stage schedule` prints what decisions came to.
enum CostModel {
  /// What is computed into memory, and what is computed again where it is needed.
  enum Storing {
    /// What writing an element to memory and reading it back costs, in additions.
    static let tripWeight = 40
    /// Values demanded at more places than this, and as often per element, are crowded.
    static let placeLimit = 32
    /// At so many places a value is computed again without much thought.
    static let freePlaceLimit = 4
    /// A value that has more elements than this many times what it is computed from is never stored to
    /// save work.
    static let growthLimit = 4
    /// A vector of so many elements, made of so many additions each and so often, is stored.
    static let (leastVector, vectorWeight, vectorRepetition) = (16, 12, 8)
    /// Reductions of fewer elements than this in all may be repeated rather than stored.
    static let repetitionLimit = 100
    /// Costly functions computed this often, in hundredths, are stored instead.
    static let costlyRepetitionLimit = 400
    /// What writing a costly function and reading it back costs, in additions, where that saves computing it
    /// again; most such functions are slower than their weight says.
    static let costlyTripWeight = 24
    /// Tables of costly functions of so many bytes stay in the second-level caches between nests.
    static let mostTableBytes = 2 << 20
    /// Values of so many elements take little to write and read again.
    static let shortCount = 1024
    /// A kernel of its own is worth so many costly functions.
    static let leastRepeatedElements = 32
    /// Values of at most this many elements may be stored one by one.
    static let unrolledCount = 16
    /// Elements along a short axis are computed together where each makes at most such a part of what it is
    /// made of for itself, in hundredths.
    static let ownShare = 50
    /// Scattered reductions add into memory of at most this many elements.
    static let scatteredCount = 1 << 16
    /// The rows of a column from which on it is summed row by row.
    static let longColumn = 1024
    /// A value is stored that is computed from so many times its own bytes.
    static let storedRatio = 4
    /// Smaller values are stored for the work that they are only.
    static let leastStoredBytes = 256
    /// A small value of many parts is not computed again by so many nests.
    static let sharedNests = 8
    /// A small value at the end of so long a chain is not computed again by another nest.
    static let sharedDepth = 256
    /// A value that takes so many additions from what is in memory is not computed again by another nest.
    static let sharedWeight = 512
    /// A value is not computed again by other nests where these would gather so many elements again for each
    /// of its elements: a gather takes longer than a trip to memory.
    static let repeatedGathers = 3
    /// Fewer elements are gathered again in less time than a kernel's start takes.
    static let leastGathered = 512
    /// A convolution is written out where its elements are sums of at most so many products.
    static let writtenOutTerms = 32
    /// Rows of so many elements at computed places are gathered element by element.
    static let gatheredRow = 4
    /// Values of so many bytes whose neighbours are so many bytes apart, and so many in a row, are laid out
    /// anew for several nests: less stays in the nearest cache on the way.
    static let (leastCrossedBytes, crossedBytes, leastCrossing) = (64 << 10, 1024, 16)
    /// A value at an index of so many variables is stored rather than computed there: what it is made of
    /// would be found at indices that are longer still, twice with each axis that is taken apart.
    static let indexSize = 24
    /// From this weight on a value is kept for later passes instead of computed again.
    static let keepWeight = 8
    /// Local arrays are not longer than this, so that a row stays in the first-level cache.
    static let keepBytes = 32 << 10
  }

  /// Which roots share a kernel, and how its loops are nested and split.
  enum Sharing {
    /// Nests may go over values of so many bytes in any order.
    static let anyOrderBytes = 1024
    /// So many additions, in lanes, are hardly worth a second thread.
    static let interchangedWork = 200_000
    /// Rows of fewer elements leave lanes empty.
    static let leastLanes = 8
    /// This part of what a short pass reads is enough to share a kernel for.
    static let shortPassShare = 16
    /// One loop has at most so many roots, besides those that share most of what they read.
    static let shortPassRoots = 16
    /// Smaller values are not worth several loops.
    static let leastSplitCount = 1024
    /// Parts have at least so many elements in memory order, on the average.
    static let leastRun = 16
    /// So many demands may come of all parts together, besides those of pieces.
    static let splitCodeLimit = 4096
    /// What an addition to one element costs, beside the multiply-adds that its loop is full of.
    static let scalarCycles = 1.5
    /// What copying a vector to a panel costs.
    static let packingWeight = 2.0
  }

  /// Which loops are lanes, and how rows and squares get there, in vector instructions.
  enum Lanes {
    /// Vectors of fewer lanes are not made.
    static let leastLanes = 4
    /// What combining the lanes of a vector costs.
    static let horizontalCost = 10.0
    /// What a vector costs on its way between memory and an array of each lane, through a transpose.
    static let copyCost = 7.0
    /// What a vector of a square costs on its way from memory.
    static let squareCost = 4.0
    /// What picking lanes from whole vectors costs, for each element that they are apart: a vector read, and a
    /// shuffle.
    static let pickCost = 2.0
    /// What a lane costs of elements that there is no gather for: its address, and taking it there.
    static let shortGatherCost = 2.5
    /// A strided store costs more than a strided load.
    static let scatterCost = 2.0
    /// Loops of fewer iterations are not tiled.
    static let leastSquare = 4
    /// What starting a loop costs.
    static let loopCost = 4.0
    /// Rows are brought into lanes where that takes less than this part of the instructions.
    static let transposedShare = 0.8
    /// The same where one row is worked on after the other, and the processor waits for the results of
    /// a chain of so many links: as measured, it can do two links of some rows at the same time.
    static func transposedShare(links: Int) -> Double { min(0.37 * Double(links), 1.25) }
    /// What instructions on one vector of rows cost in those on two side by side.
    static let loneVectorCost = 1.2
    /// Rows are as long as this at most, so that the arrays of a few stay in the nearest cache.
    static let longestRow = 64
    /// Fewer iterations are not worth squares.
    static let smallestTile = 4
    /// A loop around more nests than this stays one.
    static let mostDistributedNests = 8
    /// More work than this is not done again for each vector.
    static let sunkWeight = 4
    /// How many vectors of a loop of so many definitions are worked on side by side: enough to hide
    /// latency, few enough for registers.
    static func interleave(definitions: Int) -> Int {
      definitions <= 24 ? mostInterleaved : definitions <= 90 ? 2 : 1
    }
    /// Vectors side by side beyond this many leave too few registers to each.
    static let mostInterleaved = 4
    /// Two vectors that are all of a loop are worked on side by side up to so many definitions.
    static let mostPairedDefinitions = 300
    /// Shorter axes fill no square.
    static let leastSplitExtent = 16
    /// Short loops of more iterations stay loops.
    static let shortExtent = 8
    /// The same for loops of so many registers, in lanes: some are left for what is added.
    static func shortExtent(registers: Int) -> Int { registers / 2 }
    /// A loop's body grows to at most so many nodes.
    static let writtenOutNodes = 160
  }

  /// Strips of rows and of updates, in instructions.
  enum Strips {
    /// What a row gains at least, in instructions.
    static let leastGain = 8.0
    /// What a row gains at least, as a fraction of its work.
    static let leastFraction = 0.05
    /// What a row gains where a pass need not wait for the result of the pass before.
    static let waitCost = 40.0
    /// What one more loop over the rows of a strip costs for each row.
    static let loopCost = 3.0
    /// What an update at a computed place gains at least, in instructions.
    static let leastScatterGain = 6.0
    /// The updates at computed places of a strip.
    static let updateCount = 256
  }

  /// Updates of computed places, where neighbouring ones may meet and wait for each other's sums.
  enum Scatters {
    /// How many are made between two tests whether a loop ends, each in a run of iterations of its own
    /// where they combine.
    static let streams = 4
    /// Loops of fewer updates have no such runs.
    static let leastStreamed = 1024
    /// The most work of one update in such a run, so that code stays small.
    static let mostStreamedWork = 60
    /// The most nodes of a loop that is unrolled.
    static let mostUnrolledNodes = 12
    /// The copies of few places that updates go to in turns.
    static let copies = 4
    /// So many updates go to copies; more go through memory side by side, by threads perhaps.
    static let copiedUpdates = 32..<1024
    /// Fewer places are not worth loops that clear and add up their copies.
    static let leastCopied = 4
    /// A function of this weight takes longer than to wait for a sum.
    static let costlyWeight = 8
  }

  /// Long sums of floats, which lose the digits of terms that are added one by one.
  enum Sums {
    /// Loops of so many terms for each lane stay as they are.
    static let shortSum = 1024
    /// The terms for each lane after which a sum ends.
    static let termCount = 256
  }

  /// Blocks for threads, and loops of steps that threads share.
  enum Threads {
    /// Work below this many instructions is not worth waking threads for.
    static let serialWork = 20_000.0
    /// The same for what makes a factor of a product that threads share: these are awake, and each
    /// reads factors from the other ones' caches.
    static let factorWork = 6_000.0
    /// As how many iterations loops of unknown count are taken where threads are weighed.
    static let unknownTrips = 16.0
    /// Blocks a kernel is cut into at most; more would only add partial results.
    static let mostBlocks = 64
    /// No sum of floats takes more terms than this, one after the other, before it goes into another one,
    /// which has twice the digits: of terms of one size it keeps 15 bits of 24, mostly more than 18.
    static let termLimit = 512
    /// The bytes of partial results that are worth a smaller error.
    static let partialByteLimit = 4 << 20
    /// What a block keeps stands on the stack of a thread, and should stay in its second-level cache.
    static let carriedLimit = 192 << 10
    /// So many blocks are enough for any number of threads.
    static let sharedBlocks = 16
    /// Blocks of more rows gain nothing.
    static let preferredRows = 96
    /// So many rows do so much work that packing or reading a right factor for them does not count.
    static let rowsForLargeFactor = 48
    /// Arrays are summed up by at most so many blocks.
    static let partialLimit = 64
    /// A loop of less work than this many instructions is not worth waking threads for.
    static let leastSharedWork = 80_000.0
    /// Iterations of more work than this are shared kernel by kernel.
    static let mostStepWork = 1_000_000.0
    /// The instructions for which it pays to call a kernel for a block.
    static let leastBlockWork = 300.0
    /// Loops are cut into at most so many blocks.
    static let mostLaneBlocks = 64
    /// Iterations that touch more bytes stream memory, where short pieces of rows are slow.
    static let streamedBytes = 524_288.0
    /// The lanes of a block where memory is streamed.
    static let streamedLanes = 4096
  }
}
