import Loader
import Testing

@Suite struct LoaderErrorTests {
  @Test(arguments: [
    LoaderError.nothingToLoad, .badSlice(slice: 7, reason: "checksum differs"),
    .noUsableSlice(slice: 7, tried: 31), .noThread(of: 3, reason: "no room"), .cancelled,
  ])
  func everyErrorIsOneSentenceThatSaysWhatToDo(error: LoaderError) {
    let sentence = error.description
    #expect(sentence.hasSuffix(".") && sentence.contains("; "))
    #expect(!sentence.dropLast().contains(". "))
  }

  @Test func aBadSliceIsNamed() {
    let error = LoaderError.badSlice(slice: 7, reason: "checksum differs")
    #expect(error.description.contains("Slice 7") && error.description.contains("checksum differs"))
  }
}
