"""What marketing did about the reasons for which sales sent leads back: the files of seeds/feedback and their rules."""
