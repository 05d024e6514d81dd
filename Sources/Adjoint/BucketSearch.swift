internal import Optimizer
internal import TensorIR

/// Finds or makes the program of a bucket that serves calls of a signature.
struct BucketSearch {
  /// How sizes are divided.
  let buckets: Buckets
  /// The calls.
  let signature: Signature
  /// How many arguments give their memory to results.
  let donatedCount: Int
  /// The tensors, by position, that may be filled up.
  let candidates: [Int]
  /// The trace at the calls' own size.
  let traced: TracedFunction
  /// Traces at other types.
  let trace: ([TensorType]) throws -> TracedFunction

  /// What came of it.
  enum Outcome {
    /// A program that was made before.
    case found(BucketBinding)
    /// A new program.
    case made(BucketBinding)
    /// None, for a reason; nil where no size can be filled up.
    case none(String?)
  }

  /// The program for the calls, one of `forms` or a new one.
  func outcome(among forms: [BucketForm]) -> Outcome {
    var varied = Set<Int>()
    for form in forms.reversed()
    where form.mayServe(signature, donating: donatedCount, in: buckets) {
      do {
        return .found(try form.binding(traced, signature))
      } catch PaddedFunction.Mismatch.literal(let position) {
        varied.insert(position)
        varied.formUnion(form.padded.variedLiterals)
      } catch {
        // It computes something else.
      }
    }
    do {
      guard let form = try newForm(varied) else { return .none(nil) }
      return .made(try form.binding(traced, signature))
    } catch let refusal as PaddingRefusal {
      return .none(refusal.reason)
    } catch let error as AdjointError {
      return .none(error.message)
    } catch is PaddedFunction.Mismatch {
      return .none("its trace does not repeat itself")
    } catch {
      return .none("the closure threw at another size: \(error)")
    }
  }

  /// A leading size that arguments have in common.
  private struct Size {
    /// The size in the call.
    var count: Int
    /// The size to which it is filled up.
    var end: Int
    /// Another size of the bucket.
    var other: Int?
    /// The tensors that have it.
    var positions: [Int]
  }

  /// The leading sizes that may vary.
  private var sizes: [Size] {
    Dictionary(grouping: candidates) { signature.types[$0].shape[0] }
      .sorted { $0.key < $1.key }
      .compactMap { count, positions in
        guard count >= 2, let end = buckets.size(for: count) else { return nil }
        let other = buckets.otherSize(than: count, inBucketEndingAt: end)
        guard other != nil || end != count else { return nil }
        return Size(count: count, end: end, other: other, positions: positions)
      }
  }

  /// A program for the sizes around those of the call; nil where there are no others.
  private func newForm(_ varied: Set<Int>) throws -> BucketForm? {
    var functions = [traced.function]
    var sizes = [Size]()
    var failure: (any Error)?
    for size in self.sizes {
      do {
        var types = signature.types
        for position in size.positions {
          types[position] = types[position].withRows(size.other ?? size.end)
        }
        functions.append(try trace(types).function)
        sizes.append(size)
      } catch {
        failure = failure ?? error
      }
    }
    guard !sizes.isEmpty else {
      if let failure { throw failure }
      return nil
    }
    var largest = signature.types
    var isFilled = largest.map { _ in false }
    for size in sizes {
      for position in size.positions {
        largest[position] = largest[position].withRows(size.end)
        isFilled[position] = true
      }
    }
    functions.append(try trace(largest).function)
    return BucketForm(
      try Function.padded(functions, varied: varied), largest, isFilled: isFilled,
      statics: signature.statics, donating: donatedCount)
  }
}

extension TensorType {
  /// The type with another leading size.
  fileprivate func withRows(_ count: Int) -> TensorType {
    TensorType([count] + shape.dropFirst(), element)
  }
}
