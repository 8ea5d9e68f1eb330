import Segmentation
import Testing

@Test func onlyWhatChangesPixelsIsADifference() {
  let one = #"{"canvas":[64,48],"label":"a","split":{"seed":0},"spacing":null}"#
  let same = #"""
    {"split":{"seed":9},"canvas":[64,48],"label":"b","nearDuplicates":"drop","shardBytes":4096,
     "packing":"fast"}
    """#
  #expect(differences(one, same) == [])
}

@Test func aDifferenceNamesTheKeyAndBothValues() {
  let found = differences(
    #"{"intensity":{"kind":"ct-window"}}"#, #"{"intensity":{"kind":"percentile"},"pad":"zero"}"#)
  #expect(
    found == ["intensity.kind: ct-window, not percentile", "pad: not set, not zero"])
}
