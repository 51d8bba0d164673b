#![no_main]

use dbsnap::tree::Node;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(node) = Node::decode(bytes) {
        assert_eq!(node.encode(), bytes, "one node, one spelling");
    }
});
