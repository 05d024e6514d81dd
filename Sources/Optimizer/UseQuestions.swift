import TensorIR

/// What the rules of a sweep asked about the number of uses, with the answers that they got.
///
/// Rules see how often the original reads what a value stands for. What the copy reads may be another
/// number, so that the same rules decide otherwise in the next sweep.
final class UseQuestions {
  /// A question of the rules that were tried on an operation.
  private struct Question {
    /// The value that the operation became; nil where it became what was there, or something else.
    var user: ValueID?
    var value: ValueID
    var count: Int
    var answer: Bool
    /// Whether it is decided what the operation became.
    var isSettled = false
  }

  @exclusivity(unchecked) private var questions: [Question] = []

  /// How many there are.
  var count: Int { questions.count }

  /// Notes whether a value has at most `count` uses.
  func note(_ value: ValueID, atMost count: Int, _ answer: Bool) {
    questions.append(Question(user: nil, value: value, count: count, answer: answer))
  }

  /// Notes what the operation became whose rules asked what was asked last.
  ///
  /// - Parameter first: The number of its first question.
  func settle(from first: Int, for user: ValueID?) {
    for number in first..<questions.count where !questions[number].isSettled {
      questions[number].user = user
      questions[number].isSettled = true
    }
  }

  /// Whether the operations of a function that results need would get the same answers.
  ///
  /// - Requires: The function has no regions.
  func areAnswered(by function: Function) -> Bool {
    if questions.isEmpty { return true }
    let (uses, isNeeded) = function.neededUses()
    return questions.allSatisfy { question in
      guard let user = question.user, isNeeded[user.index] else { return true }
      return (uses[question.value.index] <= question.count) == question.answer
    }
  }
}

extension Function {
  /// For each value how often results and the operations that they need read it, and whether they do or
  /// it is made by an operation that has to be carried out.
  fileprivate func neededUses() -> (counts: [Int], isNeeded: [Bool]) {
    var counts = [Int](repeating: 0, count: types.count)
    var isNeeded = [Bool](repeating: false, count: types.count)
    for result in results {
      counts[result.index] += 1
      isNeeded[result.index] = true
    }
    for position in operations.indices.reversed() {
      guard
        operations[position].results.contains(where: { isNeeded[$0.index] })
          || operations[position].op.effect == .state
      else { continue }
      for result in operations[position].results { isNeeded[result.index] = true }
      for operand in operations[position].operands {
        counts[operand.index] += 1
        isNeeded[operand.index] = true
      }
    }
    return (counts, isNeeded)
  }
}
