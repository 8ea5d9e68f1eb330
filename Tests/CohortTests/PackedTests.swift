import Cohort
import Foundation
import Testing

private struct Everything: Codable, Equatable {
  enum Choice: Codable, Equatable {
    case none
    case one(Int)
    case named(left: Double, right: String?)
  }
  enum Word: String, Codable { case yes, no }

  var text = "Jörg\u{0}\u{1F600}"
  var empty = ""
  var missing: String?
  var flag = true
  var small: Int8 = -128
  var whole = Int.min
  var numbers = [0, -0.0, .pi, .infinity, 2.3e-308]
  var vector = SIMD3(1.5, 2, -3)
  var choices: [Choice] = [
    .none, .one(-1), .named(left: 1, right: nil), .named(left: 2, right: "a"),
  ]
  var nested = [[[Word.yes], []], [[.no]]]
  var table = ["b": 1, "a": 2]
  var optionals: [Int?] = [nil, 3]
  var later: UInt16 = 9
}

@Suite struct PackedTests {
  private func unpacked<Value: Codable>(_ value: Value) throws -> Value {
    try PackedDecoder.decode(Value.self, try PackedEncoder.encode(value))
  }

  @Test func whatIsPackedIsUnpackedAsItWas() throws {
    var value = Everything()
    #expect(try unpacked(value) == value)
    value.missing = "there"
    #expect(try unpacked(value) == value)
    #expect(try unpacked([0.1]) == [0.1])
    #expect(try unpacked("word") == "word")
    #expect(try unpacked(Double.nan).isNaN)
  }

  @Test func fieldsAreFoundByNameInAnyOrderAndUnknownOnesPassedOver() throws {
    struct Old: Codable {
      var a = 1
      var gone = ["x": [1, 2]]
      var b = "b"
    }
    struct New: Codable, Equatable {
      var b: String
      var a: Int
      var new: Double?
    }
    let new = try PackedDecoder.decode(New.self, try PackedEncoder.encode(Old()))
    #expect(new == New(b: "b", a: 1, new: nil))
    struct Stricter: Codable { var wanted: Int }
    #expect(throws: (any Error).self) {
      try PackedDecoder.decode(Stricter.self, try PackedEncoder.encode(Old()))
    }
  }

  @Test func bytesThatAreCutShortOrTooLongAreRefused() throws {
    let bytes = try PackedEncoder.encode(Everything())
    for count in 0..<bytes.count {
      #expect(throws: (any Error).self) {
        try PackedDecoder.decode(Everything.self, Array(bytes[..<count]))
      }
    }
    #expect(throws: (any Error).self) {
      try PackedDecoder.decode(Everything.self, bytes + [0])
    }
  }

  @Test func noByteOfAMessageCanEndTheReader() throws {
    let bytes = try PackedEncoder.encode(Everything())
    var unlike = 0
    for place in bytes.indices {
      for flip: UInt8 in [1, 0x80, 0xFF] {
        var changed = bytes
        changed[place] ^= flip
        if (try? PackedDecoder.decode(Everything.self, changed)) != Everything() { unlike += 1 }
      }
    }
    #expect(unlike > 2 * bytes.count)
  }

  @Test func nestingIsBounded() throws {
    indirect enum Chain: Codable {
      case end
      case link(Chain)
    }
    var chain = Chain.end
    for _ in 0..<200 { chain = .link(chain) }
    let bytes = try PackedEncoder.encode(chain)
    #expect(throws: PackedFault.tooDeep) { try PackedDecoder.decode(Chain.self, bytes) }
  }
}
