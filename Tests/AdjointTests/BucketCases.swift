import Adjoint
import Testing

/// A program of weights of shape [3, 3] and a batch of shape [n, 3].
struct BucketCase: Sendable, CustomTestStringConvertible {
  /// What it is about.
  let name: String
  /// Whether one program serves all sizes of a bucket.
  var isShared = true
  /// The program.
  let function: @Sendable (_ w: Tensor<Double>, _ x: Tensor<Double>) throws -> [Tensor<Double>]

  init(
    _ name: String, isShared: Bool = true,
    _ function:
      @escaping @Sendable (_ w: Tensor<Double>, _ x: Tensor<Double>) throws -> [Tensor<Double>]
  ) {
    self.name = name
    self.isShared = isShared
    self.function = function
  }

  var testDescription: String { name }
}

extension BucketCase {
  /// The leading extent of a tensor as a tensor.
  private static func count(_ x: Tensor<Double>) -> Double { Double(x.shape[0]) }

  /// Programs that keep rows apart, and programs that mix them.
  static let all: [BucketCase] = rows + mixtures + moves + loops + refused

  private static let rows = [
    BucketCase("elements of rows that are infinite for zeros") { _, x in [log(x), 1 / x] },
    BucketCase("layer norm") { _, x in
      let centered = x - x.mean(axis: 1, keepingDims: true)
      let variance = square(centered).mean(axis: 1, keepingDims: true)
      return [centered / sqrt(variance + 1e-5)]
    },
    BucketCase("softmax of rows") { w, x in [matmul(x, w).softmax(axis: 1)] },
    BucketCase("perceptron with a mean loss and its gradient") { w, x in
      let (loss, slope) = try valueWithGradient(at: w) { w in
        square(tanh(matmul(1 / x, w)) - 0.5).mean()
      }
      return [loss, slope]
    },
    BucketCase("gradient for the batch") { w, x in
      [try gradient(at: x) { x in (exp(matmul(x, w)).logSumExp() / 3) }]
    },
    BucketCase("second derivative") { w, x in
      let slope = try gradient(at: w) { w in
        square(try gradient(at: w) { w in sin(matmul(log(x), w)).mean() }).sum()
      }
      return [slope]
    },
    BucketCase("per-example gradients") { w, x in
      let slopes = vmap { (row: Tensor<Double>) in
        try gradient(at: w) { w in square(matmul(1 / row, w)).sum() }
      }
      let each = try slopes(x)
      return [each, each.mean(axis: 0)]
    },
    BucketCase("random numbers") { _, x in
      let key = RandomKey(seed: 7)
      return [x + key.normal(x.shape, of: Double.self), key.uniform([x.shape[0]], of: Double.self)]
    },
    BucketCase("tensors of the batch's size") { _, x in
      let n = x.shape[0]
      return [
        .zeros([n]) + x.sum(axis: 1), .iota(n), .ones([n, 2]), .full([n], Double(n)),
        x / Double(n), x * Tensor(Double(n * n)), x + Tensor(1 / Double(n)),
      ]
    },
  ]

  private static let mixtures = [
    BucketCase("sums and means over the batch") { _, x in
      let y = 1 / x
      return [y.sum(), y.mean(), y.mean(axis: 0), log(x).sum(axis: 0), y.product(axis: 0)]
    },
    BucketCase("extremes over the batch") { _, x in
      [x.min(), (0 - x).max(axis: 0), log(x).min(axis: 0), (1 / x).max()]
    },
    BucketCase("places of extremes") { _, x in
      [Tensor((0 - x).argmax(axis: 0)), Tensor(x.argmin(axis: 0)), Tensor((1 / x).argmax())]
    },
    BucketCase("tests of the batch") { _, x in
      [
        Tensor((x .> 0).all()), Tensor((x .<= 0).any()), Tensor((x .> 0).trueCount()),
      ]
    },
    BucketCase("softmax and log-sum-exp over the batch") { _, x in
      [x.softmax(axis: 0), log(x).logSumExp(axis: 0), x.logSoftmax(axis: 0)]
    },
    BucketCase("batch norm and its gradient") { _, x in
      let slope = try gradient(at: x) { x in
        let centered = x - x.mean(axis: 0)
        let variance = square(centered).mean(axis: 0)
        return (sin(centered / sqrt(variance + 1e-5)) * x).sum()
      }
      return [slope, x.variance(axis: 0), x.standardDeviation(axis: 0)]
    },
    BucketCase("products over the batch") { w, x in
      let y = 1 / x
      return [
        matmul(y.transposed(), y), einsum("ni,mi->nm", y, y), einsum("ni,nj,jk->ik", y, x, w),
      ]
    },
    BucketCase("distances of all pairs and their gradient") { _, x in
      let slope = try gradient(at: x) { x in
        let difference = x.expandingDims(at: 0) - x.expandingDims(at: 1)
        return exp(0 - square(difference).sum(axis: 2)).sum() / Double(x.shape[0] * x.shape[0])
      }
      return [slope]
    },
    BucketCase("attention over a window") { w, x in
      let n = x.shape[0]
      let (q, k) = (matmul(x, w), matmul(x, w + 1))
      let scores = matmul(q, k.transposed()) / 3.0.squareRoot()
      let rows = Tensor<Int32>.iota([n, n], axis: 0)
      let causal = select(
        rows .>= Tensor<Int32>.iota([n, n], axis: 1), scores, .full([n, n], -.infinity))
      return [matmul(causal.softmax(axis: 1), 1 / x)]
    },
    BucketCase("attention of two heads") { _, x in
      let n = x.shape[0]
      let heads = concatenated([x, 1 / x], axis: 1).reshaped(to: [n, 2, 3]).transposed([1, 0, 2])
      let scores = matmul(heads, heads.transposed([0, 2, 1])).softmax(axis: 2)
      return [matmul(scores, heads).transposed([1, 0, 2]).reshaped(to: [n, 6])]
    },
    BucketCase("order of the batch") { _, x in
      [x.sorted(axis: 0), x.sorted(axis: 0, descending: true), Tensor((0 - x).argsorted(axis: 0))]
    },
    BucketCase("order of rows, and the first ones") { _, x in
      [x.sorted(axis: 1), x.transposed().topK(2).values, (0 - x).transposed().topK(3).values]
    },
    BucketCase("gradient through an order") { _, x in
      [try gradient(at: x) { x in (x.sorted(axis: 0) * .iota(x.shape, axis: 0)).sum() }]
    },
  ]

  private static let moves = [
    BucketCase("reversal") { _, x in [x.reversed([0]), (1 / x).reversed()] },
    BucketCase("parts") { _, x in
      let n = x.shape[0]
      return [x[1...], x[0..<(n - 1)], x[n - 1], x[-2], x[1...] - x[0..<(n - 1)], x[2..<5]]
    },
    BucketCase("gradients of parts") { _, x in
      let n = x.shape[0]
      return [
        try gradient(at: x) { x in
          (sin(x[1...] - x[0..<(n - 1)]) * x[n - 1]).sum() + (x[0] * x[1]).sum()
        }
      ]
    },
    BucketCase("every second row of a part") { _, x in
      [x[0..<4].sliced(from: [0, 0], to: [4, 3], strides: [2, 1])]
    },
    BucketCase("pieces one after the other") { w, x in
      [
        concatenated([w, x]), concatenated([x, w]), concatenated([x, w, 1 / x, w]),
        concatenated([x, x], axis: 1), concatenated([1 / x, x]).sum(axis: 0),
      ]
    },
    BucketCase("elements around") { _, x in
      [
        (1 / x).padded(low: [2, 0], high: [1, 1], with: 7),
        (1 / x).padded(low: [0, 0], high: [3, 0], with: 1).product(axis: 0),
        x.padded(low: [-1, 0], high: [0, 0], with: 1),
      ]
    },
    BucketCase("merged and split axes") { w, x in
      let n = x.shape[0]
      let flat = (1 / x).flattened()
      return [
        flat.sum(), flat * Tensor<Double>.iota(3 * n), flat.reshaped(to: [n, 3, 1]).sum(axis: 0),
        x.transposed().flattened().max(), (1 / x).transposed().flattened(),
        matmul(flat.reshaped(to: [n, 3]), w),
      ]
    },
    BucketCase("looked up rows") { w, x in
      let n = x.shape[0]
      let rows = Tensor<Int32>([0, 3, Int32(n) - 1, 100, -1])
      let picks = Tensor<Int32>(x[0..., 0] * 10) % 3
      return [
        (1 / x).gathering(rows), w.gathering(picks), w.gathering(picks).sum(axis: 0),
        try gradient(at: x) { x in square(x.gathering(rows)).sum() },
        try gradient(at: w) { w in (w.gathering(picks) / x).sum() },
      ]
    },
    BucketCase("sums of segments") { w, x in
      let segments = Tensor<Int32>(x[0..., 1] * 10) % 3
      return [
        (1 / x).segmentSum(segments, count: 3), w.scatteringAdd(1 / x, at: segments),
        w.scatteringSet(1 / x[2..<3], at: segments[2..<3]),
        try gradient(at: x) { x in square((1 / x).segmentSum(segments, count: 3)).sum() },
      ]
    },
    BucketCase("places in a table") { w, x in
      let table = concatenated([w, w, w, w]).cumulativeSum(axis: 0)
      return [
        x + table[0..<x.shape[0]],
        try gradient(at: w) { w in
          (concatenated([w, 2 * w, w, w])[0..<x.shape[0]] / x).sum()
        },
      ]
    },
    BucketCase("convolution along the batch") { w, x in
      let image = (1 / x).expandingDims(at: 0)
      let kernel = w.reshaped(to: [3, 3, 1])
      return [
        image.convolved(with: kernel), image.convolved(with: kernel, padding: .same),
        try gradient(at: x) { x in
          sin(x.expandingDims(at: 0).convolved(with: kernel)).sum()
        },
      ]
    },
    BucketCase("convolution of a batch") { w, x in
      let images = (1 / x).reshaped(to: [x.shape[0], 3, 1])
      return [
        try gradient(at: w) { w in
          square(images.convolved(with: w[0..<2].reshaped(to: [2, 1, 3]))).mean()
        },
        images.maxPooled(over: [2]),
        try gradient(at: x) { x in
          square(x.reshaped(to: [x.shape[0], 3, 1]).maxPooled(over: [2])).sum()
        },
      ]
    },
  ]

  private static let loops = [
    BucketCase("cumulative sums and products") { _, x in
      let y = 1 / x
      return [
        y.cumulativeSum(axis: 0), y.cumulativeProduct(axis: 0), log(x).cumulativeMax(axis: 0),
        y.cumulativeSum(axis: 1), y.cumulativeSum(axis: 0).max(),
        try gradient(at: x) { x in square(log(x).cumulativeSum(axis: 0)).sum() },
      ]
    },
    BucketCase("a recurrent network and its gradient") { w, x in
      let (loss, slope) = try valueWithGradient(at: w) { w in
        let (last, states) = try scan(x[0], over: 1 / x) { h, row in
          let next = tanh(matmul(h, w) + row)
          return (next, next * row)
        }
        return states.mean() + last.sum()
      }
      return [loss, slope]
    },
    BucketCase("a recurrence backwards") { w, x in
      let (last, states) = try scan(Tensor<Double>.zeros([3]), over: x, reversed: true) { h, row in
        let next = 0.5 * h + 1 / row
        return (next, next)
      }
      return [
        last, states,
        try gradient(at: x) { x in
          let (last, _) = try scan(w[0], over: x, reversed: true) { h, row in
            (sin(h) + log(row), row)
          }
          return last.sum()
        },
      ]
    },
    BucketCase("a loop of fixed count") { w, x in
      let moved = try forLoop(3, x) { step, x in
        let scale = Double(x.shape[0])
        return x + matmul(1 / x, w) / scale
      }
      return [moved, moved.sum()]
    },
    BucketCase("a loop as long as the batch") { w, x in
      let state = try forLoop(x.shape[0], w[0]) { index, state in state * 0.5 + x[index] }
      return [state]
    },
    BucketCase("a loop until the batch is small") { _, x in
      let small = try whileLoop(x, while: { x in x.sum() .> 1 }, { x in x / 2 })
      return [small, small.mean()]
    },
    BucketCase("a choice") { _, x in
      let chosen = try cond(x.sum() .> 8, { 1 / x }, { x * x / Double(x.shape[0]) })
      return [chosen, chosen.sum()]
    },
  ]

  /// Programs that are compiled for each size.
  private static let refused = [
    BucketCase("matrices that grow", isShared: false) { _, x in
      let n = x.shape[0]
      return [cholesky(matmul(x, x.transposed()) + 9 * Tensor<Double>.identity(n))]
    },
    BucketCase("a median") { _, x in [x.median(axis: 0)] },
    BucketCase("a gradient for a kernel along the batch", isShared: false) { w, x in
      let image = (1 / x).expandingDims(at: 0)
      return [
        try gradient(at: w) { w in
          square(image.convolved(with: w.reshaped(to: [3, 3, 1]), padding: .same)).sum()
        }
      ]
    },
    BucketCase("halves that are one behind the other", isShared: false) { _, x in
      [concatenated([x, 2 * x]).reshaped(to: [2, x.shape[0] * 3]).sum(axis: 0)]
    },
    BucketCase("operations that depend on the size", isShared: false) { _, x in
      x.shape[0] % 2 == 0 ? [exp(x)] : [sin(x)]
    },
  ]
}
