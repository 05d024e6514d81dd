import Adjoint

/// Trains a network with momentum, a falling rate and images moved by a pixel.
struct Trainer {
  /// Digits of a step.
  static let batchSize = 32
  /// Passes over the digits.
  static let epochCount = 30
  /// How much of the last step stays in the next.
  static let momentum: Float = 0.9
  /// The rate of the first step; it falls to zero in a line.
  static let firstRate: Float = 0.1

  /// What training changes.
  struct State: TensorTree {
    /// The network so far.
    var network: Network
    /// Where the weights are going.
    var velocity: Network

    /// Visits both networks.
    mutating func visitTensors(_ visitor: inout TensorVisitor) throws {
      try visitor.visit(&network)
      try visitor.visit(&velocity)
    }
  }

  /// One compiled step: rate, images and labels move the network and give the loss.
  typealias Step = CompiledUpdate<
    State, Tensor<Float>, Tensor<Float>, Tensor<Float>, Tensor<Float>
  >

  /// The compiled step, which writes each weight and each momentum once, in place.
  let step: Step = jitInPlace { (state: inout State, rate, images, labels) in
    let (loss, slope) = try valueWithGradient(at: state.network) { $0.loss(images, labels) }
    state.velocity = state.velocity.combined(slope) { velocity, slope in
      velocity * Tensor(Trainer.momentum) + slope
    }
    state.network = state.network.combined(state.velocity) { weight, velocity in
      weight - rate * velocity
    }
    return loss
  }

  /// The compiled scores of images.
  let scores = jit { (network: Network, images: Tensor<Float>) in network.scores(images) }

  /// The digits.
  let digits: Digits
  /// The network so far, and its momentum.
  private(set) var state: State
  /// Where orders and moves come from.
  private var generator: SplitMix64
  /// Steps taken.
  private(set) var stepCount = 0

  /// Starts with random weights.
  init(digits: Digits, hiddenCount: Int, seed: UInt64) {
    self.digits = digits
    let network = Network(hiddenCount: hiddenCount, seed: seed)
    state = State(network: network, velocity: network.zeroed)
    generator = SplitMix64(seed: seed)
  }

  /// Steps of one pass; digits that do not fill a batch wait for another pass's order.
  private var stepsPerEpoch: Int { digits.training.labels.count / Self.batchSize }

  /// Arguments of a step, for the shapes it will be compiled for.
  mutating func prepareEpoch() -> [(images: Tensor<Float>, labels: Tensor<Float>)] {
    let part = digits.training.jittered(using: &generator)
    let order = Array(part.labels.indices).shuffled(using: &generator)
    return (0..<stepsPerEpoch).map { index in
      part.batch(Array(order[index * Self.batchSize..<(index + 1) * Self.batchSize]))
    }
  }

  /// Takes the steps of one pass and returns the mean loss.
  mutating func run(_ batches: [(images: Tensor<Float>, labels: Tensor<Float>)]) throws -> Float {
    var sum: Float = 0
    let last = Float(Self.epochCount * stepsPerEpoch)
    for batch in batches {
      let rate = Tensor(Self.firstRate * (1 - Float(stepCount) / last))
      sum += try step(&state, rate, batch.images, batch.labels).item()
      stepCount += 1
    }
    return sum / Float(max(1, batches.count))
  }

  /// The part of some digits that the network tells right.
  func accuracy(on part: Digits.Part) throws -> Double {
    let all = part.batch(Array(part.labels.indices))
    let scores = try scores(state.network, all.images).scalars()
    let right = part.labels.indices.count { row in
      let own = scores[row * Digits.classCount..<(row + 1) * Digits.classCount]
      return own.max() == own[own.startIndex + part.labels[row]]
    }
    return Double(right) / Double(max(1, part.labels.count))
  }
}
