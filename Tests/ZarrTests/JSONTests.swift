import Foundation
import Testing
import Zarr

@Suite struct JSONTests {
  @Test func keysAreSortedAndPlainListsStayOnOneLine() {
    let value: JSON = ["b": [1, 2], "a": ["y": true, "B": .null, "x": 0.5], "c": [["k": "v"]]]
    let text = """
      {
        "a": {
          "B": null,
          "x": 0.5,
          "y": true
        },
        "b": [1, 2],
        "c": [
          {
            "k": "v"
          }
        ]
      }

      """
    #expect(String(decoding: value.text, as: UTF8.self) == text)
  }

  @Test(arguments: [
    JSON.null, true, 3, -0.125, 1e-300, 6.02e23, "a\"\\\n\t\u{1}é", [], ["k": [1, [2.5]]],
    .int(.max), .int(.min), .object([:]),
  ])
  func whatIsWrittenIsReadBack(value: JSON) throws {
    #expect(try JSON(text: value.text, path: "x") == value)
  }

  @Test func strangersReadTheText() throws {
    let value: JSON = ["a": "é\u{7}\"", "n": 0.1]
    let read = try JSONSerialization.jsonObject(with: Data(value.text)) as? [String: Any]
    #expect(read?["a"] as? String == "é\u{7}\"")
    #expect(read?["n"] as? Double == 0.1)
  }

  @Test func escapesAndExponentsAreRead() throws {
    let text = #" {"a\u00e9\ud83d\ude00\/" : [ -0, 1e2, 2.5E-1, 1.0 ,-7 ] } "#
    let value = try JSON(text: Array(text.utf8), path: "x")
    #expect(value == ["aé😀/": [0, 100, 0.25, 1, -7]])
  }

  @Test func truthIsNoNumber() throws {
    #expect(try JSON(text: Array("[true, 1, 0, false]".utf8), path: "x") == [true, 1, 0, false])
  }

  @Test(arguments: [
    "", "{", "{\"a\":}", "[1,]", "nul", "{\"a\": 1} x", "[1 2]", "01", "1.", "-", "+1", "NaN",
    "1e999",
    "\"a", "\"\\u12\"", "\"\\ud800\"", "\"\\x\"", "{1: 2}", "[\"a\u{1}\"]", "{\"a\" 1}", "\"\\",
  ])
  func whatIsNoJSONIsRefusedByName(text: String) {
    #expect(throws: ZarrError.metadata(path: "zarr.json", reason: "not JSON")) {
      try JSON(text: Array(text.utf8), path: "zarr.json")
    }
  }

  @Test func deepNestingIsRefused() {
    let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    #expect(throws: ZarrError.self) { try JSON(text: Array(deep.utf8), path: "x") }
  }
}
