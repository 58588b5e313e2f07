use crate::pages::Question;

/// Plain text, since they are also in the page's metadata.
pub(super) const QUESTIONS: [Question; 10] = [
    Question {
        ask: "Can the server read my secret?",
        answer: "No. Your browser encrypts it with a key that is only in the link, in the part after the #, and browsers do not send that part. The server keeps the encrypted text and a second half of the key, and these two are not enough. It would have to send your browser altered code to get at the secret; the security page says more about that.",
    },
    Question {
        ask: "Is the full link sensitive?",
        answer: "Yes. As long as it has views left, treat the whole link like the secret itself: whoever has it can open it, unless you added a passphrase. The part before the # alone opens nothing.",
    },
    Question {
        ask: "What happens after the final view?",
        answer: "The encrypted secret is deleted from the database in the same step that releases the last view. Whoever opens the whole link after that is told that the secret was opened, and when. For the sender there is a receipt with the times and no content, which is deleted seven days after the expiry that was chosen.",
    },
    Question {
        ask: "What happens when the time is up?",
        answer: "From that moment the link opens nothing, even if it has views left, and the encrypted secret is deleted soon after, usually within seconds. Whoever opens the whole link is told that it has expired.",
    },
    Question {
        ask: "Is it a password manager?",
        answer: "No. It hands a secret over and then forgets it. Keep passwords in a password manager, and use a link to bring one to somebody who does not share yours.",
    },
    Question {
        ask: "Does a link preview or a mail scanner use up the view?",
        answer: "Loading the page never does, and previews do no more than that. A view takes a click on the page. Some mail filters run a whole browser and may press buttons as well; a passphrase stops those too.",
    },
    Question {
        ask: "The link says that it was opened already, and it was not me. What now?",
        answer: "Tell the sender. Somebody else may have read the secret, so it should be changed or revoked. The link shows when it was opened, which often tells who it was.",
    },
    Question {
        ask: "I closed the page after revealing. Can I see it again?",
        answer: "Only if the link has views left. The page stores nothing, so what was on it is gone when it is closed or reloaded. Ask the sender for a new link.",
    },
    Question {
        ask: "Can I take a secret back?",
        answer: "Yes, with your receipt link, as long as it has not been opened to the last view: the encrypted secret is deleted at once. What somebody has seen before cannot be taken back.",
    },
    Question {
        ask: "What if I forget the passphrase, or lose the link?",
        answer: "Then nobody can open the secret, the operator included. Make a new link. The old secret ends by itself when its time is up, or at once with the receipt link.",
    },
];
